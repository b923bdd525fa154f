"""Which clusters Secrets name."""

import base64

from controllers.kubernetes.objects import Change, Name
from controllers.kubernetes.remote.secrets import Secrets
from tests.kubernetes.store import Document


def secret(**clusters: str) -> Document:
    return {"data": {name: base64.b64encode(text.encode()).decode() for name, text in clusters.items()}}


def changed(*changes: tuple[str, Document | None]) -> Secrets:
    secrets = Secrets("here")
    secrets.changed(Change(Name("lastack", name), document) for name, document in changes)
    return secrets


def test_every_key_of_a_secret_is_a_cluster() -> None:
    assert changed(("a", secret(one="1", two="2"))).wanted == {"one": b"1", "two": b"2"}


def test_a_cluster_goes_with_its_secret() -> None:
    assert changed(("a", secret(one="1")), ("b", secret(two="2")), ("a", None)).wanted == {"two": b"2"}


def test_what_two_secrets_name_is_as_the_first_says_and_that_is_told() -> None:
    secrets = changed(("b", secret(one="b")), ("a", secret(one="a")))
    assert secrets.wanted == {"one": b"a"}
    (report,) = secrets.reports
    assert "Secret lastack/b: one is in lastack/a too" in report.reason
    secrets.changed([Change(Name("lastack", "a"), None)])
    assert secrets.wanted == {"one": b"b"}
    assert secrets.reports == []


def test_what_is_no_base64_is_told_and_the_rest_counts() -> None:
    broken = secret(one="1")
    broken["data"]["two"] = "not base64!"
    secrets = changed(("a", broken), ("b", {}))
    assert secrets.wanted == {"one": b"1"}
    assert "two is not base64" in secrets.reports[0].reason

"""The Secret that replicas share, through the life of a certificate."""

import base64

import pytest
from cryptography import x509

from controllers.kubernetes.webhook.issue import BadCertificate, Pair, issue, validity_of
from controllers.kubernetes.webhook.kept import Kept, kept_in, secret_of
from controllers.kubernetes.webhook.rotation import OVERLAP_SECONDS, Rotation, Step

NAMES = ["lastack-webhook.lastack.svc"]
NOW = 1_800_000_000.0
DAY = 86400.0


def begun(now: float = NOW) -> Kept:
    return Kept().after(Step.BEGIN, NAMES, now)


def test_a_certificate_is_for_its_names_and_holds_for_ninety_days() -> None:
    pair, authority = issue(NAMES, NOW)
    validity = validity_of(pair, [authority], NAMES)
    assert validity.begins < NOW
    assert validity.ends == NOW + 90 * DAY
    with pytest.raises(BadCertificate, match=r"it is not for other\.lastack\.svc"):
        validity_of(pair, [authority], [*NAMES, "other.lastack.svc"])


def test_a_certificate_with_another_key_or_authority_can_not_be_used() -> None:
    (pair, authority), (other, stranger) = issue(NAMES, NOW), issue(NAMES, NOW)
    with pytest.raises(BadCertificate, match="the key is not the certificate's"):
        validity_of(Pair(pair.cert, other.key), [authority], NAMES)
    with pytest.raises(BadCertificate, match="no authority beside it has signed it"):
        validity_of(pair, [stranger], NAMES)
    with pytest.raises(BadCertificate, match="it is no certificate and key"):
        validity_of(Pair(b"text", pair.key), [authority], NAMES)


def test_a_secret_holds_what_is_kept() -> None:
    kept = begun().after(Step.PREPARE, NAMES, NOW)
    secret = secret_of(kept, "lastack", "lastack-webhook-tls")
    assert secret["type"] == "kubernetes.io/tls"
    assert kept_in(secret) == kept
    assert len(x509.load_pem_x509_certificates(kept.bundle)) == 2


@pytest.mark.parametrize("value", ["", "!", base64.b64encode(b"text").decode()])
def test_what_can_not_be_read_in_a_secret_is_made_anew(value: str) -> None:
    kept = kept_in({"data": {"tls.crt": value, "tls.key": value, "ca.crt": value}})
    assert Rotation().next(kept.standing(NAMES, NOW), kept.bundle, NOW) is Step.BEGIN
    assert kept_in(None) == Kept()


def test_a_certificate_for_another_service_is_made_anew_and_its_authority_stays() -> None:
    kept = begun()
    assert Rotation().next(kept.standing(["other.lastack.svc"], NOW), kept.bundle, NOW) is Step.BEGIN
    again = kept.after(Step.BEGIN, ["other.lastack.svc"], NOW)
    assert again.authorities[0] == kept.authorities[0]
    assert len(again.authorities) == 2


def test_however_often_it_is_made_anew_the_bundle_stays_small() -> None:
    kept = Kept()
    for _ in range(10):
        kept = kept.after(Step.BEGIN, NAMES, NOW)
    assert len(kept.authorities) == 4
    assert kept.standing(NAMES, NOW).current is not None


def test_at_every_moment_of_most_of_a_year_whoever_has_the_bundle_of_an_hour_ago_believes_the_certificate() -> None:
    kept, rotation, steps = begun(), Rotation(), []
    history = [(NOW, kept)]
    for now in (NOW + 3000.0 * moment for moment in range(1, 8_000)):
        while (step := _next(rotation, kept, now)) is not None:
            kept = kept.after(step, NAMES, now)
            history.append((now, kept))
            steps.append(step)
        rotation.published(kept.bundle, now)
        assert kept.current is not None
        hour_ago = next(old for at, old in reversed(history) if at <= max(NOW, now - OVERLAP_SECONDS))
        if history[-1][0] == now:  # only then is there something new
            assert validity_of(kept.current, hour_ago.authorities, NAMES).ends > now
            assert hour_ago.current is not None
            assert validity_of(hour_ago.current, kept.authorities, NAMES).ends > now
    assert steps[:4] == [Step.PREPARE, Step.SWITCH, Step.FORGET, Step.PREPARE]
    assert steps.count(Step.SWITCH) == 4
    assert len(kept.authorities) <= 2


def _next(rotation: Rotation, kept: Kept, now: float) -> Step | None:
    return rotation.next(kept.standing(NAMES, now), kept.bundle, now)

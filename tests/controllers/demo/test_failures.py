import pytest

from controllers.demo.failures import Failure, failure_of, failure_of_error

# The bodies are what Envoy 1.40 answered.
_RESET = "upstream connect error or disconnect/reset before headers. "


def test_a_200_with_the_right_body_is_the_only_success() -> None:
    assert failure_of(200, "a-1", "a-1") is None
    assert failure_of(200, "a-2", "a-1") is Failure.WRONG_BODY
    assert failure_of(204, "a-1", "a-1") is Failure.WRONG_STATUS


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (_RESET + "reset reason: connection termination", Failure.CUT_OFF),
        (
            _RESET + "reset reason: remote connection failure, transport failure reason: delayed connect error: "
            "Connection refused",
            Failure.REFUSED,
        ),
        (_RESET + "reset reason: connection timeout", Failure.REFUSED),
        ("no healthy upstream", Failure.NO_INSTANCE),
        ("something new", Failure.WRONG_STATUS),
    ],
)
def test_a_503_is_told_apart_by_what_envoy_says(body: str, failure: Failure) -> None:
    assert failure_of(503, body, "a-1") is failure


def test_the_words_of_another_status_are_not_read() -> None:
    assert failure_of(404, "no healthy upstream", "a-1") is Failure.WRONG_STATUS


def test_no_answer_is_a_timeout_or_a_lost_proxy() -> None:
    assert failure_of_error(TimeoutError()) is Failure.TIMEOUT
    assert failure_of_error(ConnectionResetError()) is Failure.PROXY_LOST


def test_every_failure_has_a_meaning() -> None:
    assert len({failure.meaning for failure in Failure}) == len(Failure)

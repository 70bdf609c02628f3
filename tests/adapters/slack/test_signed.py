"""Slack's signature: what proves a request, and everything that does not; nothing is ever raised."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from urllib.parse import urlencode

import pytest

from shadow.adapters.slack.signed import WITHIN, Seen, Signed, payload, verify

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BODY = urlencode({"payload": json.dumps({"type": "block_actions"})}).encode()
NOW = 1_795_300_000.0


def sign(raw: bytes, *, at: float = NOW, secret: str = SECRET) -> dict[str, str]:
    """The two headers as Slack makes them."""
    stamp = str(int(at))
    mac = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + raw, hashlib.sha256).hexdigest()
    return {"timestamp": stamp, "signature": f"v0={mac}"}


def told(raw: bytes, headers: dict[str, str], *, seen: Seen | None = None, secret: str = SECRET) -> Signed:
    """What a request is, now."""
    return verify(raw, **headers, secret=secret, seen=seen or Seen(), now=lambda: NOW)


def test_slacks_own_example() -> None:
    """The worked example of Slack's documentation."""
    raw = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    found = verify(
        raw, timestamp="1531420618", signature=signature, secret=SECRET, seen=Seen(), now=lambda: 1531420618.0
    )
    assert found is Signed.NEW


def test_a_byte_more_is_not_slacks() -> None:
    """The signature is over the raw bytes: a changed, a cut and a longer body are refused."""
    headers = sign(BODY)
    assert told(BODY, headers) is Signed.NEW
    for raw in (BODY + b" ", BODY[:-1], BODY.replace(b"block", b"blocK"), b""):
        assert told(raw, headers) is Signed.NOT_SLACK


@pytest.mark.parametrize(("apart", "found"), [(0, Signed.NEW), (WITHIN, Signed.NEW), (WITHIN + 1, Signed.NOT_SLACK)])
def test_five_minutes(apart: int, found: Signed) -> None:
    """Neither older nor further ahead."""
    for at in (NOW - apart, NOW + apart):
        assert told(BODY, sign(BODY, at=at)) is found


def test_another_apps_secret() -> None:
    """Signed by another secret, and where we hold none at all: also with the empty one."""
    assert told(BODY, sign(BODY, secret="another")) is Signed.NOT_SLACK
    for nothing in ("", "  "):
        assert told(BODY, sign(BODY, secret=nothing), secret=nothing) is Signed.NOT_SLACK


@pytest.mark.parametrize(
    ("timestamp", "signature"),
    [
        ("", ""),
        ("abc", None),
        ("1795300000.0", None),
        (" 1795300000", None),
        ("-1795300000", None),
        ("٣", None),
        ("1" * 5000, None),
        (None, ""),
        (None, "v0="),
        (None, "v0=" + "é" * 64),
        (None, "v0=" + "0" * 63),
        (None, "v0=" + "G" * 64),
        (None, "v1=" + "0" * 64),
        (None, "v0=" + "0" * 64 + "\n"),
        (None, "v0=" + "0" * 100_000),
    ],
)
def test_malformed_headers_are_a_plain_no(timestamp: str | None, signature: str | None) -> None:
    """A timestamp that is no number, a signature that is not ASCII: not Slack's, and nothing is raised."""
    true = sign(BODY)
    given = {"timestamp": timestamp, "signature": signature}
    assert told(BODY, {**true, **{k: v for k, v in given.items() if v is not None}}) is Signed.NOT_SLACK


def test_a_body_that_is_no_text() -> None:
    """Even with a true signature."""
    raw = b"payload=\xff\xfe"
    assert told(raw, sign(raw)) is Signed.NOT_SLACK


def test_the_same_request_again() -> None:
    """Is known, for as long as its signature holds; another one is new."""
    seen = Seen()
    assert told(BODY, sign(BODY), seen=seen) is Signed.NEW
    assert told(BODY, sign(BODY), seen=seen) is Signed.AGAIN
    assert told(BODY, sign(BODY, at=NOW - 1), seen=seen) is Signed.NEW


def test_only_one_of_many_at_once_is_new() -> None:
    """Twenty threads with the same signed request."""
    seen, ready, found = Seen(), threading.Barrier(20), []

    def work() -> None:
        ready.wait()
        found.append(told(BODY, sign(BODY), seen=seen))

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.name for one in found) == ["AGAIN"] * 19 + ["NEW"]


def test_what_is_remembered_is_bounded() -> None:
    """Old signatures are forgotten once they would be too old anyway, and never more are kept than said."""
    seen = Seen(most=3)
    for number in range(10):
        assert seen.first(str(number), now=float(number))
    assert not seen.first("9", now=10.0)
    assert seen.first("0", now=11.0)
    late = Seen()
    late.first("x", now=0.0)
    assert not late.first("x", now=2.0 * WITHIN)
    assert late.first("x", now=2.0 * WITHIN + 1)


def test_payload() -> None:
    """One field of JSON in a form."""
    assert payload(BODY) == {"type": "block_actions"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"x",
        b"payload=",
        b"payload={",
        b"payload=1&payload=2",
        b"other=1",
        b"payload=" + b"[" * 100_000,
        b"&" * 999,
    ],
)
def test_a_body_that_cannot_be_read(raw: bytes) -> None:
    """Is a ValueError, whatever is wrong with it."""
    with pytest.raises(ValueError):
        payload(raw)

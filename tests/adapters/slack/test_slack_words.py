"""Foreign text can mention, link, emphasise and hide nothing in Slack."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

from shadow.adapters.slack.words import link, moment, mrkdwn, plain

FOREIGN = (
    "<!here> <!channel> <@U01ALICE> <#C1> <!subteam^S1>",
    "@channel @HERE @everyone",
    "<https://evil.example|click> & more",
    "`code` ```block``` *bold* _slant_ ~gone~",
    "a\u202eb\u200bc\x1b[0m\r\nd",
    "&lt;!here&gt; &amp;",
    "<" * 5000,
    "&" * 5000,
)


@pytest.mark.parametrize("text", FOREIGN)
def test_nothing_survives_in_mrkdwn(text: str) -> None:
    """No angle bracket, mention, code or emphasis mark or hidden character is left; no entity is torn."""
    shown = mrkdwn(text, 300)
    assert len(shown) <= 300
    assert not set(shown) & set("<>`*~\u202e\u200b\x1b\r\n")
    assert not re.search(r"@(channel|here|everyone)", shown, re.IGNORECASE)
    assert not re.search(r"&(?!(amp|lt|gt);)", shown)
    assert not re.search(r"(?<!\w)_\w|\w_(?!\w)", shown)


@pytest.mark.parametrize("text", FOREIGN)
def test_nothing_survives_in_plain_text(text: str) -> None:
    """Plain text holds no angle bracket, no mention and nothing hidden, whatever Slack does with it."""
    shown = plain(text, 150)
    assert 1 <= len(shown) <= 150
    assert not set(shown) & set("<>\u202e\u200b\x1b\r\n")
    assert not re.search(r"@(channel|here|everyone)", shown, re.IGNORECASE)


def test_names_stay_readable() -> None:
    """An underscore inside a name, accents and other scripts are left alone; empty plain text is a dash."""
    assert mrkdwn("harmful_rate für 退款") == "harmful_rate für 退款"
    assert plain("") == "-"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://x|<!here>", "https://a b", "https://x>y", "file:///etc"]
)
def test_only_web_addresses_become_links(url: str) -> None:
    """What is no plain http(s) address is shown as text."""
    assert not link(url, "Full report").startswith("<")
    assert link("https://x.example/r", "Full <b>") == "<https://x.example/r|Full &lt;b&gt;>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ask ann.smith+x@mail.example.org now", "ask [mail] now"),
        ("token xoxb-123456789012-abcdef", "token [key]"),
        ("app xapp-1-A0123-456-abcdef", "app [key]"),
        ("key sk-abcdefghijklmnop1234", "key [key]"),
        ("AKIAIOSFODNN7EXAMPLE", "[key]"),
        ("ghp_abcdefghijklmnopqrstuvwxyz", "[key]"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", "[key]"),
        ("card 4111 1111 1111 1111.", "card [card]."),
        ("iban DE89 3704 0044 0532 0130 00", "iban [account]"),
    ],
)
def test_what_looks_like_a_secret_or_a_person_is_taken_out(text: str, shown: str) -> None:
    """Keys, mail addresses, card and account numbers are named instead of shown, in either kind of text."""
    assert mrkdwn(text) == plain(text) == shown


@pytest.mark.parametrize(
    "text", ["2026-11-21 22:30", "4111 1111 1111 1112", "a1b2c3d4e5f60718", "12,345 of 67,890", "task-key", "DE89"]
)
def test_what_does_not_stays(text: str) -> None:
    """Days, counts, digests and numbers without a card's check digit are shown as they are."""
    assert mrkdwn(text) == plain(text) == text


def test_a_secret_at_the_cut_is_not_half_shown() -> None:
    """What begins before the cut and ends behind it is taken out before the text is cut."""
    assert "xoxb" not in mrkdwn("x" * 70 + " xoxb-123456789012-abcdef", 80)
    assert "ann" not in plain("x" * 70 + " ann.smith@mail.example.org", 80)


def test_moments_have_both_zones() -> None:
    """A reader's own zone where Slack knows it, and UTC in words for the rest."""
    at = datetime(2026, 11, 21, 23, 30, tzinfo=timezone(timedelta(hours=1)))
    assert moment(at) == "<!date^1795300200^{date_short_pretty} at {time}|2026-11-21 22:30 UTC>"

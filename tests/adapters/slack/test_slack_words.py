"""Foreign text can mention, link, emphasise and hide nothing in Slack."""

from __future__ import annotations

import re

import pytest

from shadow.adapters.slack.words import link, mrkdwn, plain

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

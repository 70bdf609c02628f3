"""Foreign text for Slack: no mention, link, emphasis or hidden character in it survives.

In `mrkdwn` the three characters that Slack names (&, <, >) are written as entities. In `plain_text`, which
Slack does not parse, angle brackets become single angle quotation marks: nothing depends on how entities
are shown there. What looks like a key, a mail address, a card's or an account's number is taken out of either;
names and street addresses are not known by their looks, so messages hold counts and no case's content.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from shadow.reports.safe import one_line

MENTION = re.compile(r"@(?=channel|here|everyone|group)", re.IGNORECASE)
# what would be emphasis or code in mrkdwn, and has no escape there, becomes a character that looks alike
ALIKE = str.maketrans({"`": "\u02cb", "*": "\u2217", "~": "\u223c"})
EDGE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")  # an underscore inside a name is no emphasis
KEYS = re.compile(
    r"xox[a-z]-[\w-]{6,}|xapp-[\w-]{6,}|(?<![\w-])sk-[\w-]{12,}|gh[pousr]_\w{16,}|AKIA[0-9A-Z]{12,}"
    r"|eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
MAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}")
ACCOUNT = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
CARD = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?!\w|\.\d)")
BEYOND = 400  # characters after the cut in which something that begins before it is still looked for


def mrkdwn(text: str, limit: int = 300) -> str:
    r"""`text` escaped for a `mrkdwn` object or a message's fallback; at most `limit` characters (≥ 1).

    Example:
        >>> mrkdwn("<!here> & @channel")
        '&lt;!here&gt; &amp; \uff20channel'
    """
    clean = EDGE.sub("\u02cd", _quiet(text, limit).translate(ALIKE))
    return _fit([_entity(character) for character in clean], limit)


def plain(text: str, limit: int = 300) -> str:
    """`text` for a `plain_text` object; at most `limit` characters (≥ 1), never empty.

    Example:
        >>> plain("deny -> refund")
        'deny → refund'
    """
    clean = _quiet(text.replace("->", "→"), limit).replace("<", "\u2039").replace(">", "\u203a")
    return _fit(list(clean), limit) or "-"


def strong(text: str) -> dict[str, Any]:
    """A `mrkdwn` object of text that is already escaped; Slack is told to link nothing by itself."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def flat(text: str, limit: int = 300) -> dict[str, Any]:
    """A `plain_text` object; nothing in it becomes an emoji."""
    return {"type": "plain_text", "text": plain(text, limit), "emoji": False}


def link(url: str, label: str) -> str:
    """A `mrkdwn` link to an http(s) address; any other text is shown as text and linked to nothing.

    Example:
        >>> link("https://reports.example.org/1?a=1&b=2", "Full report")
        '<https://reports.example.org/1?a=1&amp;b=2|Full report>'
    """
    if re.fullmatch(r"https?://[!-~]+", url) and len(url) <= 2000 and not re.search(r"[<>|]", url):
        return f"<{url.replace('&', '&amp;')}|{mrkdwn(label, 80)}>"
    return f"{mrkdwn(label, 80)}: {mrkdwn(url, 500)}"


def moment(at: datetime) -> str:
    """A `mrkdwn` moment: in the reader's own time zone where Slack knows it, else in UTC.

    Example:
        >>> moment(datetime(2026, 11, 22, 6, 30, tzinfo=UTC))
        '<!date^1795329000^{date_short_pretty} at {time}|2026-11-22 06:30 UTC>'
    """
    moved = at.astimezone(UTC)
    return f"<!date^{int(moved.timestamp())}^{{date_short_pretty}} at {{time}}|{moved:%Y-%m-%d %H:%M} UTC>"


def hidden(text: str) -> str:
    """`text` without what looks like a key or a person's data; what was there is named.

    Example:
        >>> hidden("ask ann@example.org, xoxb-1234567890")
        'ask [mail], [key]'
    """
    clean = MAIL.sub("[mail]", KEYS.sub("[key]", text))
    return CARD.sub(_card, ACCOUNT.sub("[account]", clean))


def _card(found: re.Match[str]) -> str:
    """A card's number ends in a check digit (Luhn); other numbers of its length stay."""
    digits = [int(character) for character in found.group() if character.isdecimal()][::-1]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return "[card]" if (sum(digits[::2]) + sum(doubled)) % 10 == 0 else found.group()


def _quiet(text: str, limit: int) -> str:
    seen = hidden(text[: limit + BEYOND]) + text[limit + BEYOND :]
    return MENTION.sub("\uff20", one_line(seen, limit))


def _entity(character: str) -> str:
    return {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(character, character)


def _fit(pieces: list[str], limit: int) -> str:
    """The pieces in one text; cut between two of them, so that no entity is torn."""
    whole = "".join(pieces)
    if len(whole) <= limit:
        return whole
    kept, used = [], 1
    for piece in pieces:
        if used + len(piece) > limit:
            break
        kept.append(piece)
        used += len(piece)
    return "".join(kept) + "…"

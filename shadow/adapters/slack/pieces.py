"""The pieces that messages are made of: blocks, buttons and inputs within Slack's limits.

Text that comes from elsewhere reaches a block only through `flat` or `mrkdwn` of `words`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shadow.adapters.slack.words import flat, link, mrkdwn, plain, strong

Block = dict[str, Any]
Message = dict[str, Any]


def message(text: str, blocks: Sequence[Block], *, about: tuple[str, Mapping[str, Any]] | None = None) -> Message:
    """A finished message: what `chat.postMessage` takes besides the channel.

    Args:
        text: what notifications and screen readers say; foreign parts escaped.
        about: the metadata's type and its flat values: ids and digests, never a customer's data.
    """
    made: Message = {"text": text, "blocks": list(blocks), "unfurl_links": False, "unfurl_media": False}
    if about is not None:
        kept = {name: plain(value, 200) if isinstance(value, str) else value for name, value in about[1].items()}
        made["metadata"] = {"event_type": about[0], "event_payload": kept}
    return made


def header(text: str) -> Block:
    """A heading; at most 150 characters."""
    return {"type": "header", "text": flat(text, 150)}


def section(text: str) -> Block:
    """A paragraph of escaped `mrkdwn`."""
    return {"type": "section", "text": strong(text)}


def quoted(text: str, limit: int = 600) -> Block:
    """A paragraph of foreign text, shown as it is."""
    return {"type": "section", "text": flat(text, limit)}


def fields(pairs: Sequence[tuple[str, str]]) -> Block:
    """Names and escaped values in two columns; at most ten."""
    return {"type": "section", "fields": [strong(f"*{name}*\n{value or '-'}") for name, value in pairs[:10]]}


def context(*texts: str) -> Block:
    """Small print of escaped `mrkdwn`; what is empty is left out."""
    return {"type": "context", "elements": [strong(text) for text in texts if text][:10]}


def remark(lead: str, said: str, limit: int = 300) -> Block:
    """Small print: an escaped lead, and what somebody said as plain text."""
    return {"type": "context", "elements": [strong(lead), flat(said, limit)]}


def footer(*texts: str) -> list[Block]:
    """One line of small print with dots between its parts; none where all are empty."""
    held = [text for text in texts if text]
    return [context(" · ".join(held))] if held else []


def rows(lines: Sequence[str], *, most: int, limit: int = 400) -> list[Block]:
    """Foreign sentences, numbered; beyond `most` they are counted."""
    shown = [quoted(f"{number}. {line}", limit) for number, line in enumerate(lines[:most], start=1)]
    rest = [context(f"and {len(lines) - most:,} more")] if len(lines) > most else []
    return [*shown, *rest]


def button(label: str, *, action: str, value: str, spoken: str, primary: bool = False) -> Block:
    """A button; `spoken` is what a screen reader says."""
    made: Block = {
        "type": "button",
        "action_id": action,
        "text": flat(label, 75),
        "value": value,
        "accessibility_label": plain(spoken, 75),
    }
    return {**made, "style": "primary"} if primary else made


def opener(label: str, *, url: str, spoken: str) -> list[Block]:
    """A button that opens a page; none without an address."""
    if not url:
        return []
    return [
        {
            "type": "button",
            "action_id": "shadow_open",
            "text": flat(label, 75),
            "url": url,
            "accessibility_label": plain(spoken, 75),
        }
    ]


def actions(key: str, buttons: Sequence[Block]) -> list[Block]:
    """A row of buttons; none where there is no button."""
    return [{"type": "actions", "block_id": key[:255], "elements": list(buttons)}] if buttons else []


def entry(key: str, label: str, *, hint: str = "", **element: Any) -> Block:
    """A field that has to be filled in: `values[key]["text"]` of what is sent back."""
    made: Block = {
        "type": "input",
        "block_id": key,
        "label": flat(label, 200),
        "element": {"type": "plain_text_input", "action_id": "text", **element},
    }
    return {**made, "hint": flat(hint, 300)} if hint else made


def named(url: str, label: str) -> str:
    """A link in small print; nothing without an address."""
    return link(url, label) if url else ""


def code(text: str, digits: int = 12) -> str:
    """The first characters of a digest or an id."""
    return f"`{mrkdwn(text[:digits], digits + 30)}`" if text else "-"

"""Slack's documented limits of what we send, held here because nothing before Slack itself does.

Beyond lengths and counts: no mention, no link but to http(s), no stray angle bracket, nothing hidden, nothing that
looks like a key; at most one primary button. What this product does not use is refused, so that a new block comes with
its limits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shadow.adapters.slack.words import KEYS
from shadow.reports.safe import visible

MESSAGE_BLOCKS, VIEW_BLOCKS, ROW, CONTEXT, FIELDS = 50, 100, 25, 10, 10
TEXT, SECTION, FIELD, HEADER, LABEL = 4000, 3000, 2000, 150, 2000
BUTTON, VALUE, URL, SPOKEN, ID, PLACEHOLDER = 75, 2000, 3000, 75, 255, 150
TITLE, PRIVATE, TYPED = 24, 3000, 3000
MESSAGE_KEYS = {"text", "blocks", "unfurl_links", "unfurl_media", "metadata"}
VIEW_KEYS = {"type", "callback_id", "private_metadata", "title", "submit", "close", "blocks"}
PLAIN, ANY = ("plain_text",), ("plain_text", "mrkdwn")

_MEANT = re.compile(r"<https?://[^<>|\s]+\|[^<>|]*>|<!date\^\d+\^[^<>|^]*\|[^<>|]*>")  # what we write ourselves
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt);)")
_SHOUT = re.compile(r"@(?:channel|here|everyone|group)", re.IGNORECASE)

Problems = Iterator[str]


def validate(payload: Mapping[str, Any]) -> list[str]:
    """What Slack, or this product, would not take of a message or a view; empty where all is well.

    Example:
        >>> validate({"text": "", "blocks": []})[0]
        'text: 0 characters; allowed: 1 to 4,000'
    """
    found = [*_view(payload)] if payload.get("type") == "modal" else [*_message(payload)]
    return [*found, *_blocks(payload), *_secrets(payload)]


def _message(payload: Mapping[str, Any]) -> Problems:
    yield from _known(payload, MESSAGE_KEYS, "message")
    text = str(payload.get("text", ""))
    yield from _length(text, TEXT, "text")
    yield from _marked(text, "text", strip=False)
    for name in ("unfurl_links", "unfurl_media"):
        if payload.get(name) is not False:
            yield f"{name}: not switched off"
    about = payload.get("metadata")
    if about is not None:
        yield from _metadata(about)


def _metadata(about: Any) -> Problems:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,79}", str(about.get("event_type", ""))):
        yield "metadata: no type of small letters, digits and underscores"
    flat = all(isinstance(value, str | int | bool) for value in about.get("event_payload", {}).values())
    if not flat or "event_payload" not in about:
        yield "metadata: not flat"


def _view(payload: Mapping[str, Any]) -> Problems:
    yield from _known(payload, VIEW_KEYS, "view")
    for name in ("title", "submit", "close"):
        yield from _text(payload.get(name), TITLE, name, PLAIN)
    yield from _length(str(payload.get("private_metadata", "")), PRIVATE, "private_metadata", least=0)
    yield from _length(str(payload.get("callback_id", "")), ID, "callback_id")


def _blocks(payload: Mapping[str, Any]) -> Problems:
    blocks = payload.get("blocks") or []
    view = payload.get("type") == "modal"
    most = VIEW_BLOCKS if view else MESSAGE_BLOCKS
    if not 1 <= len(blocks) <= most:
        yield f"blocks: {len(blocks)}; allowed: 1 to {most}"
    for number, block in enumerate(blocks):
        where = f"blocks[{number}] ({block.get('type')})"
        check = _BLOCKS.get(str(block.get("type")))
        if check is None or (block.get("type") == "input" and not view):
            yield f"{where}: a block that is not used here"
        else:
            yield from check(block, where)
    yield from _distinct([block["block_id"] for block in blocks if "block_id" in block], "block_id")
    primary = sum(one.get("style") == "primary" for block in blocks for one in block.get("elements", []))
    if primary > 1:
        yield f"blocks: {primary} primary buttons; allowed: one"


def _header(block: Mapping[str, Any], where: str) -> Problems:
    yield from _known(block, {"type", "text", "block_id"}, where)
    yield from _text(block.get("text"), HEADER, where, PLAIN)


def _section(block: Mapping[str, Any], where: str) -> Problems:
    yield from _known(block, {"type", "text", "fields", "block_id"}, where)
    fields = block.get("fields", [])
    if "text" not in block and not fields:
        yield f"{where}: neither text nor fields"
    if "text" in block:
        yield from _text(block["text"], SECTION, where, ANY)
    if len(fields) > FIELDS:
        yield f"{where}: {len(fields)} fields; allowed: {FIELDS}"
    for number, field in enumerate(fields):
        yield from _text(field, FIELD, f"{where}.fields[{number}]", ANY)


def _context(block: Mapping[str, Any], where: str) -> Problems:
    yield from _known(block, {"type", "elements", "block_id"}, where)
    elements = block.get("elements", [])
    if not 1 <= len(elements) <= CONTEXT:
        yield f"{where}: {len(elements)} elements; allowed: 1 to {CONTEXT}"
    for number, element in enumerate(elements):
        yield from _text(element, SECTION, f"{where}.elements[{number}]", ANY)


def _actions(block: Mapping[str, Any], where: str) -> Problems:
    yield from _known(block, {"type", "elements", "block_id"}, where)
    yield from _length(str(block.get("block_id", "-")), ID, f"{where}.block_id")
    elements = block.get("elements", [])
    if not 1 <= len(elements) <= ROW:
        yield f"{where}: {len(elements)} elements; allowed: 1 to {ROW}"
    for number, element in enumerate(elements):
        yield from _button(element, f"{where}.elements[{number}]")
    yield from _distinct([str(one.get("action_id")) for one in elements], f"{where}.action_id")


def _button(one: Mapping[str, Any], where: str) -> Problems:
    yield from _known(one, {"type", "text", "action_id", "value", "url", "style", "accessibility_label"}, where)
    if one.get("type") != "button":
        yield f"{where}: {one.get('type')}; allowed: button"
    yield from _text(one.get("text"), BUTTON, where, PLAIN)
    yield from _length(str(one.get("action_id", "")), ID, f"{where}.action_id")
    yield from _length(str(one.get("value", "-")), VALUE, f"{where}.value")
    yield from _length(str(one.get("accessibility_label", "")), SPOKEN, f"{where}.accessibility_label")
    yield from _shown(str(one.get("accessibility_label", "")), f"{where}.accessibility_label")
    if "style" in one and one["style"] not in ("primary", "danger"):
        yield f"{where}: style {one['style']!r}; allowed: primary, danger"
    url = str(one.get("url", "https://"))
    if not url.startswith(("https://", "http://")) or len(url) > URL:
        yield f"{where}.url: no http(s) address of at most {URL:,} characters"


def _input(block: Mapping[str, Any], where: str) -> Problems:
    yield from _known(block, {"type", "block_id", "label", "hint", "optional", "element"}, where)
    yield from _text(block.get("label"), LABEL, f"{where}.label", PLAIN)
    yield from _length(str(block.get("block_id", "")), ID, f"{where}.block_id")
    if "hint" in block:
        yield from _text(block["hint"], LABEL, f"{where}.hint", PLAIN)
    element = block.get("element", {})
    if element.get("type") != "plain_text_input":
        yield f"{where}: {element.get('type')}; allowed: plain_text_input"
    yield from _length(str(element.get("action_id", "")), ID, f"{where}.action_id")
    if "placeholder" in element:
        yield from _text(element["placeholder"], PLACEHOLDER, f"{where}.placeholder", PLAIN)
    least, most = element.get("min_length", 0), element.get("max_length", TYPED)
    if not 0 <= least <= most <= TYPED or most < 1:
        yield f"{where}: {least} to {most} characters; allowed: within 0 to {TYPED:,}"


_BLOCKS: dict[str, Callable[[Mapping[str, Any], str], Problems]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "input": _input,
}


def _text(one: Any, most: int, where: str, kinds: tuple[str, ...]) -> Problems:
    """A text object: its kind, its length, and what its text would be taken for."""
    if not isinstance(one, Mapping) or one.get("type") not in kinds:
        yield f"{where}: no text object; allowed: {' or '.join(kinds)}"
        return
    text = str(one.get("text", ""))
    yield from _length(text, most, where)
    if one["type"] == "plain_text":
        yield from _shown(text, where)
        if one.get("emoji") is not False:
            yield f"{where}: words may become emoji"
    else:
        yield from _marked(text, where, strip=True)
        if one.get("verbatim") is not True:
            yield f"{where}: names and addresses are linked by themselves"


def _marked(text: str, where: str, *, strip: bool) -> Problems:
    """Of `mrkdwn`: once our own links and moments are taken out, nothing is left that Slack would read."""
    rest = _MEANT.sub("", text) if strip else text
    yield from _shown(rest, where)
    if _ENTITY.search(rest):
        yield f"{where}: an & that is not escaped"


def _shown(text: str, where: str) -> Problems:
    if set(text) & set("<>"):
        yield f"{where}: an angle bracket that is not escaped"
    if _SHOUT.search(text):
        yield f"{where}: a mention of everybody"
    if visible(text) != text:
        yield f"{where}: a hidden character"


def _secrets(payload: Mapping[str, Any]) -> Problems:
    for where, text in _texts(payload, "payload"):
        if KEYS.search(text):
            yield f"{where}: something that looks like a key"


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(item, f"{where}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, f"{where}[{number}]")


def _length(text: str, most: int, where: str, *, least: int = 1) -> Problems:
    if not least <= len(text) <= most:
        yield f"{where}: {len(text):,} characters; allowed: {least} to {most:,}"


def _known(one: Mapping[str, Any], keys: set[str], where: str) -> Problems:
    for name in sorted(set(one) - keys):
        yield f"{where}: {name!r} is not used here"


def _distinct(names: list[str], where: str) -> Problems:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{where}: {name!r} stands twice"

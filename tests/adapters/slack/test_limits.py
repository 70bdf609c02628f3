"""The validator finds each thing that Slack, or this product, would not take."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from shadow.adapters.slack.limits import validate
from shadow.adapters.slack.messages import decide_modal, links_of, request_message
from tests.adapters.slack.asked import BASE, TOKEN, asked, vote

Payload = dict[str, Any]


def message() -> Payload:
    """A right message with every kind of block that messages have."""
    one = asked()
    return copy.deepcopy(request_message(one, [vote()], token=TOKEN, links=links_of(one, base=BASE)))


def form() -> Payload:
    """A right form."""
    return copy.deepcopy(decide_modal(asked(), token=TOKEN, approve=True))


def block(payload: Payload, kind: str, having: str = "") -> Any:
    """The first block of a kind, which holds this."""
    return next(one for one in payload["blocks"] if one["type"] == kind and (not having or having in one))


def test_what_is_right_is_right() -> None:
    """Nothing is found in a right message and a right form."""
    assert validate(message()) == [] and validate(form()) == []


def put(payload: Payload, *path: Any, value: Any) -> None:
    """Set one value inside."""
    for name in path[:-1]:
        payload = payload[name]
    payload[path[-1]] = value


SPOILED: list[tuple[str, Callable[[Payload], Any], str]] = [
    ("no text", lambda m: put(m, "text", value=""), "text: 0"),
    ("a long text", lambda m: put(m, "text", value="x" * 4001), "text: 4,001"),
    ("a mention in the fallback", lambda m: put(m, "text", value="<!here>"), "angle bracket"),
    ("a shout in the fallback", lambda m: put(m, "text", value="@channel"), "mention of everybody"),
    ("a link in the fallback", lambda m: put(m, "text", value="<https://x|y>"), "angle bracket"),
    ("a raw ampersand", lambda m: put(m, "text", value="a & b"), "not escaped"),
    ("a bidi override", lambda m: put(m, "text", value="a\u202eb"), "hidden"),
    ("a key", lambda m: put(m, "text", value="xoxb-1234567890"), "looks like a key"),
    ("a key in a block", lambda m: put(block(m, "header"), "text", "text", value="xapp-1-abcdef"), "looks like a key"),
    ("unfurling", lambda m: put(m, "unfurl_links", value=True), "not switched off"),
    ("unfurling by default", lambda m: m.pop("unfurl_media"), "not switched off"),
    ("an icon", lambda m: put(m, "icon_emoji", value=":x:"), "not used here"),
    ("no block", lambda m: put(m, "blocks", value=[]), "blocks: 0"),
    ("51 blocks", lambda m: m["blocks"].extend([{"type": "divider"}] * 51), "allowed: 1 to 50"),
    ("an unknown block", lambda m: m["blocks"].append({"type": "markdown", "text": "x"}), "not used here"),
    ("an input in a message", lambda m: m["blocks"].append(block(form(), "input")), "not used here"),
    ("a long header", lambda m: put(block(m, "header"), "text", "text", value="x" * 151), "151"),
    ("an empty header", lambda m: put(block(m, "header"), "text", "text", value=""), "0 characters"),
    ("a header in mrkdwn", lambda m: put(block(m, "header"), "text", "type", value="mrkdwn"), "no text object"),
    ("emoji", lambda m: put(block(m, "header"), "text", "emoji", value=True), "emoji"),
    ("a long section", lambda m: put(block(m, "section", "text"), "text", "text", value="x" * 3001), "3,001"),
    ("linking by itself", lambda m: put(block(m, "section", "text"), "text", "verbatim", value=False), "themselves"),
    ("a person's mention", lambda m: put(block(m, "section", "text"), "text", "text", value="<@U1>"), "angle bracket"),
    ("a script link", lambda m: put(block(m, "section", "text"), "text", "text", value="<javascript:x|y>"), "angle"),
    ("a torn entity", lambda m: put(block(m, "section", "text"), "text", "text", value="&am"), "not escaped"),
    ("no text and no fields", lambda m: block(m, "section", "text").pop("text"), "neither text nor fields"),
    ("11 fields", lambda m: block(m, "section", "fields").update(fields=[plain("x")] * 11), "11 fields"),
    ("a long field", lambda m: block(m, "section", "fields").update(fields=[plain("x" * 2001)]), "2,001"),
    ("11 elements", lambda m: block(m, "context").update(elements=[plain("x")] * 11), "11 elements"),
    ("no element", lambda m: block(m, "context").update(elements=[]), "0 elements"),
    ("26 buttons", lambda m: block(m, "actions").update(elements=button(m) * 26), "26 elements"),
    ("two buttons of one name", lambda m: block(m, "actions").update(elements=button(m) * 2), "stands twice"),
    ("two primaries", lambda m: put(block(m, "actions"), "elements", 1, "style", value="primary"), "2 primary"),
    ("an odd style", lambda m: put(block(m, "actions"), "elements", 0, "style", value="loud"), "style"),
    ("a long label", lambda m: put(block(m, "actions"), "elements", 0, "text", "text", value="x" * 76), "76"),
    ("a long value", lambda m: put(block(m, "actions"), "elements", 0, "value", value="x" * 2001), "2,001"),
    ("no action", lambda m: put(block(m, "actions"), "elements", 0, "action_id", value=""), "action_id"),
    ("a mute button", lambda m: block(m, "actions")["elements"][0].pop("accessibility_label"), "accessibility_label"),
    ("a loud button", lambda m: put(block(m, "actions"), "elements", 0, "accessibility_label", value="x" * 76), "76"),
    ("no web address", lambda m: put(block(m, "actions"), "elements", 2, "url", value="file:///etc"), "address"),
    (
        "a long address",
        lambda m: put(block(m, "actions"), "elements", 2, "url", value="https://" + "x" * 3000),
        "3,000",
    ),
    ("a select", lambda m: put(block(m, "actions"), "elements", 0, "type", value="static_select"), "allowed: button"),
    ("a block twice", lambda m: m["blocks"].append(block(m, "actions")), "stands twice"),
    ("a long block id", lambda m: put(block(m, "actions"), "block_id", value="x" * 256), "256"),
    ("an odd header", lambda m: put(block(m, "header"), "icon", value="x"), "'icon' is not used here"),
    ("an image beside", lambda m: put(block(m, "section"), "accessory", value={}), "'accessory' is not used here"),
    ("an odd small print", lambda m: put(block(m, "context"), "icon", value="x"), "'icon' is not used here"),
    ("a mention in small print", lambda m: put(block(m, "context"), "elements", 0, "text", value="<!here>"), "angle"),
    ("an odd row", lambda m: put(block(m, "actions"), "icon", value="x"), "'icon' is not used here"),
    ("a question first", lambda m: put(block(m, "actions"), "elements", 0, "confirm", value={}), "'confirm' is not"),
    (
        "a hidden sound",
        lambda m: put(block(m, "actions"), "elements", 0, "accessibility_label", value="\u202e"),
        "hidden",
    ),
    ("an odd event", lambda m: put(m, "metadata", "event_type", value="Odd Event"), "metadata"),
    ("a deep payload", lambda m: put(m, "metadata", "event_payload", "x", value={}), "not flat"),
]


def plain(text: str) -> Payload:
    """A right text object."""
    return {"type": "plain_text", "text": text, "emoji": False}


def button(payload: Payload) -> list[Payload]:
    """A plain button of the message."""
    return [block(payload, "actions")["elements"][1]]


@pytest.mark.parametrize(("name", "spoil", "named"), SPOILED, ids=[name for name, _, _ in SPOILED])
def test_a_spoiled_message_is_found(name: str, spoil: Callable[[Payload], Any], named: str) -> None:
    """One thing is wrong, and it is named."""
    payload = message()
    spoil(payload)
    assert any(named in problem for problem in validate(payload)), validate(payload)


FORMS: list[tuple[str, Callable[[Payload], Any], str]] = [
    ("a long title", lambda f: put(f, "title", "text", value="x" * 25), "title: 25"),
    ("no title", lambda f: f.pop("title"), "title: no text object"),
    ("no way to send it", lambda f: f.pop("submit"), "submit: no text object"),
    ("a long note", lambda f: put(f, "private_metadata", value="x" * 3001), "3,001"),
    ("no name", lambda f: put(f, "callback_id", value=""), "callback_id"),
    ("101 blocks", lambda f: f["blocks"].extend([{"type": "divider"}] * 101), "allowed: 1 to 100"),
    ("a mention in a label", lambda f: put(block(f, "input"), "label", "text", value="<!here>"), "angle bracket"),
    ("a long hint", lambda f: put(block(f, "input", "hint"), "hint", "text", value="x" * 2001), "2,001"),
    ("a long placeholder", lambda f: put(block(f, "input"), "element", "placeholder", value=plain("x" * 151)), "151"),
    ("too much to type", lambda f: put(block(f, "input"), "element", "max_length", value=3001), "within 0 to 3,000"),
    ("less than nothing", lambda f: put(block(f, "input"), "element", "min_length", value=-1), "within 0 to 3,000"),
    ("more than may be typed", lambda f: put(block(f, "input"), "element", "min_length", value=2000), "within"),
    ("an input without id", lambda f: put(block(f, "input"), "block_id", value=""), "block_id"),
    ("an odd input", lambda f: put(block(f, "input"), "icon", value="x"), "'icon' is not used here"),
    ("no action to type", lambda f: put(block(f, "input"), "element", "action_id", value=""), "action_id"),
    ("a picker", lambda f: put(block(f, "input"), "element", "type", value="datepicker"), "allowed: plain_text_input"),
    ("something else", lambda f: put(f, "notify_on_close", value=True), "not used here"),
]


@pytest.mark.parametrize(("name", "spoil", "named"), FORMS, ids=[name for name, _, _ in FORMS])
def test_a_spoiled_form_is_found(name: str, spoil: Callable[[Payload], Any], named: str) -> None:
    """One thing is wrong, and it is named."""
    payload = form()
    spoil(payload)
    assert any(named in problem for problem in validate(payload)), validate(payload)

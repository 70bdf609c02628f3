"""What an argument may not smuggle past a schema: more members, a second address, another path, a look-alike id."""

from __future__ import annotations

from typing import Any

import pytest

from shadow.contract.parts import read, write
from shadow.doors.bindings import template
from shadow.doors.formats import FORMATS, fits_format
from shadow.doors.schemas import closed, loose
from shadow.doors.tools import ToolsDoor
from tests.doors.desk import TEXT, a_contract, a_door, says, schema

EMAIL = {"type": "string", "format": "email"}
MAIL = schema(
    "to", to=EMAIL, body=TEXT, ref={"type": "string", "pattern": "^[a-z0-9-]+$"}, amount={"type": "number"},
    number={"type": "string", "pattern": r"^\d+$"}, address=schema(street=TEXT), lines={"items": schema(sku=TEXT)},
    free={"type": "object"}, open={**schema(a=TEXT), "additionalProperties": True},
)  # fmt: skip


LONG = ".".join(["b" * 60] * 5)  # a host whose every part is short enough


def mails(**args: Any) -> tuple[str, str]:
    """What a mail with these arguments is answered with: the word, and why."""
    door = the_door()
    answer = door.answer("mail.send", args)
    assert len(door.effects) == (answer.word == "answer")
    assert [one.why for one in door.refusals] == ([answer.value] if answer.word == "refused" else [])
    return answer.word, str(answer.value)


def the_door() -> ToolsDoor:
    tools = (
        read("mails.get", entity="mail", key="id", args=schema(id={})),
        write("mail.send", entity="mail", key=("to", "ref"), reversible=False, args=MAIL),
    )
    return a_door(tools, {"mails.get": says(None), "mail.send": template({"queued": True})})


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"ref": "o-1", "number": "42", "amount": 3.5, "body": "Dear Ada,\n\tyour refund …\r\n"},
        {"address": {"street": "x"}, "lines": [{"sku": "a"}], "free": {"x": 1}, "open": {"a": "1", "b": 2}},
        {"body": "مرحبا \u200f abc"},
    ],
)
def test_what_the_schema_names_passes(args: dict[str, Any]) -> None:
    """Line breaks and Arabic with its marks are text; an object that says that it is open is open."""
    assert mails(to="ada@shop.test", **args)[0] == "answer"


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ({"bcc": "evil@x.test"}, "args: Additional properties are not allowed ('bcc' was unexpected)"),
        (
            {"address": {"street": "x", "to": "y"}},
            "args.address: Additional properties are not allowed ('to' was unexpected)",
        ),
        (
            {"lines": [{"sku": "a"}, {"price": 0}]},
            "args.lines.1: Additional properties are not allowed ('price' was unexpected)",
        ),
        ({"to": "ada@shop.test, evil@x.test"}, 'args.to: does not fit format "email"'),
        ({"to": "ada@shop.test\nBcc: evil@x.test"}, "args.to holds the character U+000A, which does not show"),
        ({"ref": "../../admin"}, 'args.ref: does not fit pattern "^[a-z0-9-]+$"'),
        ({"ref": "o1?drop=1"}, 'args.ref: does not fit pattern "^[a-z0-9-]+$"'),
        ({"number": "42\n"}, r'args.number: does not fit pattern "^\\d+$"'),
        ({"number": "٤٢"}, r'args.number: does not fit pattern "^\\d+$"'),
        ({"amount": float("nan")}, "args.amount is NaN"),
        ({"amount": float("inf")}, "args.amount is Infinity"),
        ({"amount": "3.5"}, 'args.amount: does not fit type "number"'),
        ({"body": "pay\x1b[2Know"}, "args.body holds the character U+001B, which does not show"),
        ({"free": {"a\nb": 1}}, "a name in args.free holds the character U+000A, which does not show"),
        ({"free": {"deep": [{"x": "\x7f"}]}}, "args.free.deep[0].x holds the character U+007F, which does not show"),
    ],
)
def test_what_it_does_not_name_is_refused(args: dict[str, Any], why: str) -> None:
    """Nested objects are closed too, formats are checked, `$` means the end, digits are 0 to 9, numbers are finite."""
    assert mails(**{"to": "ada@shop.test", **args}) == ("refused", why)


def test_what_is_nested_deeply_is_refused_before_anything_looks_at_it() -> None:
    """Every depth: a schema that speaks of itself, or a digest, must not run out of stack outside the candidate."""
    again = {"type": "object", "properties": {"a": {"$ref": "#"}}}
    tools = (write("tree.set", entity="tree", key="id", reversible=True, args={**again}),)
    door = a_door(tools, {"tree.set": template({})})
    for depth in (30, 70, *range(150, 1_500, 20)):
        args: dict[str, Any] = {}
        for _ in range(depth):
            args = {"a": args}
        assert door.answer("tree.set", args, "k").word == ("answer" if depth == 30 else "refused")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("o1 ", "and has white space around it"),
        ("o\u200b1", "holds the character U+200B, which does not show"),
        ("\u202e1o", "holds the character U+202E, which does not show"),
        ("cafe\u0301", "and is not in Unicode's form NFC"),
        ("o1\u2028", "and has white space around it"),
        ("o\t1", "holds the character U+0009, which does not show"),
        (["o1"], "and is no single value"),
        ({"id": "o1"}, "and is no single value"),
    ],
)
def test_a_key_is_what_it_looks_like(key: Any, why: str) -> None:
    """Two keys that look alike are alike: else a change of one hides from a read of the other."""
    answer = the_door().answer("mails.get", {"id": key})
    assert answer.word == "refused" and answer.value.startswith("args.id ") and answer.value.endswith(why)
    assert the_door().answer("mails.get", {"id": "café-17"}).word == "answer"
    assert the_door().answer("mails.get", {"id": 17}).word == "answer"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"reason": "help\x1b[2K"}, "args.reason holds the character U+001B, which does not show"),
        ({"reason": "help", "amount": float("nan")}, "args.amount is NaN"),
    ],
)
def test_people_are_shown_no_control_characters_either(given: dict[str, Any], why: str) -> None:
    """An escalation has no schema, and is read by people."""
    door = the_door()
    assert door.answer("escalate", given).value == why and not door.effects
    assert door.answer("escalate", {"reason": "help", "lines": "a\nb"}).word == "answer"


def test_parts_of_one_value_are_closed_together() -> None:
    """`allOf`, `$ref` and `if` name members of the same object; what none of them names is refused."""
    args = {
        "type": "object",
        "properties": {"where": {"$ref": "#/$defs/place"}},
        "allOf": [{"properties": {"to": TEXT}}],
        "if": {"required": ["to"]},
        "then": {"properties": {"cc": TEXT}},
        "$defs": {"place": {"type": "object", "properties": {"city": TEXT, "geo": schema(x={})}}},
    }
    door = a_door((read("far.get", args=args),), {"far.get": says(1)})
    fine = {"to": "a", "cc": "b", "where": {"city": "c", "geo": {"x": 1}}}
    assert door.answer("far.get", fine).word == "answer"
    for more in ({"bcc": "x"}, {"where": {"zip": "1"}}, {"where": {"city": "c", "geo": {"y": 1}}}):
        assert door.answer("far.get", {**fine, **more}).word == "refused"
    assert door.answer("far.get", {"cc": "b"}).word == "refused"


def test_a_condition_stays_as_open_as_it_was() -> None:
    """`if` only asks: closing it would switch off what follows from it."""
    args = {"type": "object", "properties": {"a": {"type": "object"}}, "if": {"properties": {"a": schema(b={})}}}
    assert closed(args)["if"] == args["if"]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", ["2026-02-28"], ["2026-02-30", "20260228", "2026-2-3", "2026-02-28T00:00", "٢٠٢٦-٠٢-٢٨"]),
        ("time", ["09:30:00Z", "09:30:00.5+02:00"], ["25:00:00Z", "09:30:00", "09:30Z"]),
        ("date-time", ["2026-03-02T09:30:00Z", "2026-03-02t09:30:00.123-05:00"],
         ["2026-03-02", "2026-03-02T09:30:00", "2026-13-02T09:30:00Z", "2026-03-02 09:30:00Z"]),
        ("duration", ["P1D", "PT5M", "P2W"], ["P", "1D", "PT", "P١D"]),
        ("email", ["ada+x@shop.test"], ["a@x.test, b@y.test", "<a@x.test>", "a@", "a@x y", f"a@{LONG}"]),
        ("idn-email", ["ädä@bücher.test"], ["a@x@y", "a@x,b", "a b@x"]),
        ("hostname", ["pay.internal"], ["pay_internal", "-a.b", "a..b", "a/b"]),
        ("uri", ["https://pay.internal/v1?x=1#y"], ["pay.internal", "https://a b", "https://x/\u202e", "//x"]),
        ("uri-reference", ["../x", "//y/z"], ["a b", "ü"]),
        ("uuid", ["6f1c1a52-3d9a-4f6e-9f63-1a2b3c4d5e6f"], ["6f1c1a523d9a4f6e9f631a2b3c4d5e6f", "x"]),
        ("ipv4", ["10.0.0.1"], ["10.0.0.256", "10.1", "010.0.0.1"]),
        ("ipv6", ["::1"], ["1", "::g", "fe80::1%eth0"]),
        ("regex", ["^a+$"], ["(", "*"]),
        ("json-pointer", ["", "/a/~0b"], ["a", "/~2"]),
    ],
)  # fmt: skip
def test_a_format_is_what_its_name_says(name: str, good: list[str], bad: list[str]) -> None:
    """One thing of that format, and nothing beside it; what is no text is the business of `type`."""
    assert [text for text in good if not fits_format(name, text)] == []
    assert [text for text in bad if fits_format(name, text)] == []
    assert fits_format(name, 7)


def test_every_format_is_tested() -> None:
    """A format without a case above is not one that we check."""
    marks = test_a_format_is_what_its_name_says.pytestmark  # type: ignore[attr-defined]
    assert {case[0] for mark in marks for case in mark.args[1]} == FORMATS


def test_what_a_loose_schema_lets_through_is_said() -> None:
    """One sentence each for a tool without a schema, for what is open, unbounded or not checked."""
    contract = a_contract(
        read("any.get"),
        read("free.get", entity="e", args=schema(a={}, b={"type": "object"}, c={"type": "string", "format": "iban"})),
        read(
            "open.get", entity="e", args={**schema(t={"type": "string", "maxLength": 9}), "additionalProperties": True}
        ),
        read("list.get", entity="e", args=schema(l={"type": "array", "items": TEXT})),
        write("mail.send", entity="mail", key="to", reversible=False, args=schema(to=EMAIL)),
    )
    assert loose(contract) == (
        "any.get has no schema: any argument of any kind reaches it",
        "free.get: args.a may be anything, objects and lists included",
        "free.get: args.b is an object of which no member is named: it takes any",
        "free.get: args.c has the format 'iban', which is not checked",
        "open.get: args takes members that nothing describes",
        "list.get: args.l[] is text of any length",
        "any.get names no entity: once the candidate has asked for a change, its answers are marked as partial",
    )  # fmt: skip

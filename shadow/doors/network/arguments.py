"""A request's arguments, as the route says where they stand; what has no place is refused, never dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shadow.doors.listed import Route
from shadow.doors.network.addresses import Headers, Target, read_pairs, refuse_overriding
from shadow.doors.plain import loads, unfit
from shadow.errors import ToolRefused

_ABSENT = object()


def arguments(route: Route, target: Target, slots: Mapping[str, str], headers: Headers, body: bytes) -> dict[str, Any]:
    """The arguments of one request.

    Raises:
        ToolRefused: something is named twice, has no place, has the wrong type, or cannot be read.
    """
    args = route.args
    found: dict[str, Any] = {}
    _add(found, {name: _typed(name, value, args.types) for name, value in slots.items()})
    for name, value in target.query:
        if args.query is not None and name not in args.query:
            raise ToolRefused(f"{name[:60]!r} may not stand in the query of this route")
        _add(found, {name: _typed(name, value, args.types)})
    if args.body == "nothing":
        if body:
            raise ToolRefused("this route takes no body")
    elif args.body == "form":
        _add(found, _form(route, headers, body))
    else:
        _add(found, _placed(route, read_object(headers, body)))
    wrong = unfit(found, "args")
    if wrong:
        raise ToolRefused(wrong)
    return found


def read_object(headers: Headers, body: bytes) -> dict[str, Any]:
    """The JSON object that a body is.

    Raises:
        ToolRefused: it is none, is said to be something else, or a member of it overrides the method.
    """
    kind = media_type(headers)
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise ToolRefused(f"the body is {kind[:60]}, not JSON")
    _plainly_encoded(headers)
    try:
        data = loads(body)
    except ValueError as error:  # UnicodeDecodeError is one
        raise ToolRefused(f"the body is no JSON: {error}"[:200]) from None
    if not isinstance(data, dict):
        raise ToolRefused(f"the body is a JSON {type(data).__name__}, not an object")
    refuse_overriding(data, "body")
    return data


def media_type(headers: Headers) -> str:
    """The body's media type in lower case, without parameters; empty where it is not said."""
    said = next((value for name, value in headers if name == b"content-type"), b"")
    return said.decode("latin-1").partition(";")[0].strip().lower()


def _plainly_encoded(headers: Headers) -> None:
    for name, value in headers:
        if name == b"content-encoding" and value.strip().lower() != b"identity":
            raise ToolRefused("the body is compressed")


def _form(route: Route, headers: Headers, body: bytes) -> dict[str, Any]:
    kind = media_type(headers)
    if kind != "application/x-www-form-urlencoded":
        raise ToolRefused(f"the body is {kind[:60] or 'of no type'}, not a form")
    _plainly_encoded(headers)
    pairs = read_pairs(body.decode("latin-1"), "body")
    return {name: _typed(name, value, route.args.types) for name, value in pairs if name not in route.args.ignore}


def _placed(route: Route, data: dict[str, Any]) -> dict[str, Any]:
    args = route.args
    if not args.places:
        return {name: value for name, value in data.items() if name not in args.ignore}
    tops = {place.partition(".")[0] for place in args.places.values()} | set(args.ignore)
    over = sorted(set(data) - tops)
    if over:
        raise ToolRefused(f"the member {over[0][:60]!r} of the body has no place among the arguments")
    _no_more_inside(data, args.places.values(), args.ignore)
    found = {name: _at(data, place) for name, place in args.places.items()}
    return {name: value for name, value in found.items() if value is not _ABSENT}


def _no_more_inside(data: dict[str, Any], places: Any, ignore: tuple[str, ...]) -> None:
    """Refuse a member beside a dotted place, at any depth: it would be dropped unseen."""
    for top in {place.partition(".")[0] for place in places if "." in place}:
        inner = [place.partition(".")[2] for place in places if place.startswith(f"{top}.")]
        part = data.get(top)
        if not isinstance(part, dict) or top in places:
            continue
        over = sorted(set(part) - {place.partition(".")[0] for place in inner} - set(ignore))
        if over:
            raise ToolRefused(f"the member {top}.{over[0][:60]} of the body has no place among the arguments")
        _no_more_inside(part, inner, ignore)


def _at(data: Any, place: str) -> Any:
    for step in place.split("."):
        if not isinstance(data, dict) or step not in data:
            return _ABSENT
        data = data[step]
    return data


def _add(found: dict[str, Any], more: Mapping[str, Any]) -> None:
    twice = sorted(found.keys() & more.keys())
    if twice:
        raise ToolRefused(f"the argument {twice[0][:60]} is given twice: in the path, the query or the body")
    found.update(more)


def _typed(name: str, text: str, types: Mapping[str, str]) -> Any:
    kind = types.get(name)
    if kind is None:
        return text
    try:
        if kind == "boolean":
            return {"true": True, "false": False}[text]
        return int(text) if kind == "integer" else float(text)
    except (ValueError, KeyError):
        raise ToolRefused(f"the argument {name[:60]} is no {kind}") from None

"""Frozen dataclasses to plain JSON data and back, by their type hints."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from shadow.errors import UsageError


def encode(value: Any) -> Any:
    """JSON data: amounts as decimal text, moments as ISO 8601, a float that JSON has not as its name."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return _encode_leaf(value)


def _encode_leaf(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # "inf", "-inf", "nan": JSON has no such numbers
    return value


def decode(kind: Any, data: Any, where: str) -> Any:
    """The value of type `kind` that `encode` wrote.

    Args:
        kind: a type hint: a dataclass, tuple[X, ...], Mapping, X | None, enumeration or scalar.
        data: JSON data.
        where: the field's dotted path, for the error.

    Raises:
        UsageError: `data` is not what `kind` says; names the field.
    """
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _decode_union(kind, data, where)
    if is_dataclass(kind):
        return _decode_record(kind, data, where)
    if origin is tuple:
        return _decode_tuple(kind, data, where)
    if origin is Mapping:
        key, item = get_args(kind)
        held = _of(dict, data, where)
        return {decode(key, k, where): decode(item, v, f"{where}.{k}") for k, v in held.items()}
    return _decode_leaf(kind, data, where)


def _decode_record(kind: Any, data: Any, where: str) -> Any:
    held = _of(dict, data, where)
    hints = _hints(kind)
    unknown = sorted(set(held) - set(hints))
    if unknown:
        raise UsageError("unknown field", where=where, seen=unknown[0][:80], allowed=", ".join(hints))
    try:
        return kind(**{name: decode(hints[name], item, f"{where}.{name}") for name, item in held.items()})
    except TypeError as error:
        raise UsageError("a field is missing", where=where, seen=str(error)) from error


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode_tuple(kind: Any, data: Any, where: str) -> Any:
    held = _of(list, data, where)
    args = get_args(kind)
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(decode(args[0], item, f"{where}[{n}]") for n, item in enumerate(held))
    if len(held) != len(args):
        raise UsageError("wrong number of items", where=where, seen=str(len(held)), allowed=str(len(args)))
    return tuple(decode(one, item, where) for one, item in zip(args, held, strict=True))


def _decode_union(kind: Any, data: Any, where: str) -> Any:
    options = get_args(kind)
    if data is None and type(None) in options:
        return None
    left = [option for option in options if option is not type(None)]
    exact = [option for option in left if option is type(data)]
    return decode((exact or left)[0], data, where)


def _decode_leaf(kind: Any, data: Any, where: str) -> Any:
    try:
        if kind in (date, datetime):
            return kind.fromisoformat(_of(str, data, where))
        if kind is Decimal or issubclass(kind, Enum):
            return kind(_of(str, data, where))
    except (ValueError, InvalidOperation) as error:
        raise _wrong(kind, data, where) from error
    if kind is float:
        return _decode_float(data, where)
    return _of(kind, data, where)


def _decode_float(data: Any, where: str) -> float:
    if data in ("inf", "-inf", "nan") or (isinstance(data, int | float) and not isinstance(data, bool)):
        return float(data)
    raise _wrong(float, data, where)


def _of(kind: Any, data: Any, where: str) -> Any:
    if isinstance(data, kind) and not (kind is int and isinstance(data, bool)):
        return data
    raise _wrong(kind, data, where)


def _wrong(kind: Any, data: Any, where: str) -> UsageError:
    return UsageError("wrong kind of value", where=where, seen=repr(data)[:80], allowed=str(kind.__name__))

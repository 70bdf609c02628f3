"""The formats that an argument's schema may name, checked with the standard library; others are not checked.

An argument that only looks like what it should be (`a@x.test, b@y.test`) is how a call smuggles a second one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = r"\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?"
_OFFSET = r"(?:[Zz]|[+-]\d{2}:\d{2})"
_URI = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?#\[\]-]|%[0-9A-Fa-f]{2})*"
_DURATION = r"P(?!$)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?)"

_SHAPES: Mapping[str, str] = {
    "date": _DATE,
    "time": _TIME + _OFFSET,
    "date-time": f"{_DATE}[Tt]{_TIME}{_OFFSET}",
    "duration": _DURATION,
    "email": rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_HOST}",
    "idn-email": r"[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]{1,64}@[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]+",
    "hostname": _HOST,
    "uri": rf"[A-Za-z][A-Za-z0-9+.-]*:{_URI}",
    "uri-reference": _URI,
    "uuid": r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    "ipv4": r"[0-9.]+",
    "ipv6": r"[0-9A-Fa-f:.]+",
    "json-pointer": r"(?:/(?:[^~/]|~[01])*)*",
}
_LONGEST: Mapping[str, int] = {"email": 254, "idn-email": 254, "hostname": 253}


def _moment(text: str) -> object:
    return datetime.fromisoformat(text.upper())


def _time(text: str) -> object:
    return datetime.fromisoformat(f"2000-01-01T{text.upper()}")


_READERS: Mapping[str, Callable[[str], object]] = {  # each raises ValueError where the text has the shape alone
    "date": date.fromisoformat,
    "time": _time,
    "date-time": _moment,
    "uuid": UUID,
    "ipv4": IPv4Address,
    "ipv6": IPv6Address,
    "regex": re.compile,
}

FORMATS = frozenset(_SHAPES) | frozenset(_READERS)


def fits_format(name: str, value: object) -> bool:
    """Whether a value has the format of that name; what is no text has every format, as JSON Schema has it.

    Example:
        >>> fits_format("email", "a@x.test"), fits_format("email", "a@x.test, b@y.test")
        (True, False)
    """
    if not isinstance(value, str) or name not in FORMATS:
        return True
    shape, reader = _SHAPES.get(name), _READERS.get(name)
    if len(value) > _LONGEST.get(name, len(value)) or (shape and not re.fullmatch(shape, value, re.ASCII)):
        return False
    try:
        return reader is None or reader(value) is not None
    except (ValueError, re.error, OverflowError, RecursionError):
        return False

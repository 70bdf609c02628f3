"""What a request is about, read strictly: one authority, one canonical path, one meaning; else refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from shadow.errors import ToolRefused

Headers = list[tuple[bytes, bytes]]  # names in lower case, as h11 gives them

_PORTS = {"http": 80, "https": 443}
_ABSOLUTE = re.compile(r"(?P<scheme>[A-Za-z]+)://(?P<authority>[^/?#]*)(?P<rest>[^#]*)")
_AUTHORITY = re.compile(r"(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_PLAIN = re.compile(r"[\x21-\x7e]*")
_HEX = re.compile(r"%(?![0-9A-Fa-f]{2})")
# of what needs no encoding: - . _ ~ 0-9 A-Z a-z
_NEEDLESS = re.compile(r"%(?:2d|2e|5f|7e|3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])", re.IGNORECASE)
_HIDDEN = re.compile(r"%(?:2f|5c|3b|25)", re.IGNORECASE)  # of / \ ; %
_OVERRIDING_HEADERS = frozenset(
    {b"x-http-method-override", b"x-http-method", b"x-method-override", b"x-original-method", b"x-original-url",
     b"x-rewrite-url", b"x-original-uri", b"x-forwarded-host", b"x-forwarded-method", b"x-host", b"forwarded"}
)  # fmt: skip
_OVERRIDING_NAMES = frozenset({"_method", "_httpmethod", "x-http-method-override", "x-http-method", "_http_method"})


class Site(NamedTuple):
    """Where a request goes: scheme, host (lower case, no brackets) and port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A request's address, canonical.

    Attributes:
        site: where it goes.
        path: as it stands on the wire, beginning with "/".
        segments: the path's parts as they stand, without the first "/".
        query: names and values, decoded, in order.
    """

    site: Site
    path: str
    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...]


def read_target(target: str, tunnel: Site | None) -> Target:
    """The address of a request line.

    Args:
        target: as it stands in the request line.
        tunnel: what the connection was opened to by CONNECT; None where it was not.

    Raises:
        ToolRefused: it could be read in two ways, or is not for a proxy.
    """
    if not _PLAIN.fullmatch(target):
        raise ToolRefused("the address holds characters that no address may")
    if "#" in target:
        raise ToolRefused("the address holds a fragment")
    if tunnel is not None:
        site, rest = tunnel, target
    else:
        site, rest = _absolute(target)
    path, _, query = rest.partition("?")
    path = path or "/"
    return Target(site=site, path=path, segments=_segments(path), query=read_pairs(query, "query"))


def _absolute(target: str) -> tuple[Site, str]:
    found = _ABSOLUTE.fullmatch(target)
    if not found:
        raise ToolRefused("the address is not absolute, as a proxy is asked")
    if found["scheme"].lower() != "http":
        raise ToolRefused(f"the scheme {found['scheme'][:20]} is not served without a tunnel")
    return read_site("http", found["authority"]), found["rest"]


def read_site(scheme: str, authority: str) -> Site:
    """An authority without user, as exact host and port.

    Raises:
        ToolRefused: it is none.
    """
    found = _AUTHORITY.fullmatch(authority)
    port = int(found["port"] or _PORTS[scheme]) if found else 0
    if not found or not 0 < port < 65536:
        raise ToolRefused("the authority is not host:port alone")
    return Site(scheme, found["host"].strip("[]").lower(), port)


def _segments(path: str) -> tuple[str, ...]:
    """The canonical path's parts; two spellings of one path are never both taken."""
    if not path.startswith("/"):
        raise ToolRefused("the path does not begin with /")
    if _HEX.search(path) or _HIDDEN.search(path) or _NEEDLESS.search(path):
        raise ToolRefused("the path is not canonical: a broken, needless or double encoding, or a hidden separator")
    if any(mark in path for mark in ("//", "\\", ";")):
        raise ToolRefused("the path is not canonical: //, a backslash or a semicolon")
    segments = tuple(path[1:].split("/"))
    if any(part in (".", "..") for part in segments):
        raise ToolRefused("the path is not canonical: dot segments")
    for part in segments:
        if "%" in part:
            decoded(part, "path")
    return segments


def decoded(text: str, where: str) -> str:
    """Percent-decoded text.

    Raises:
        ToolRefused: it is no UTF-8, or holds control characters.
    """
    try:
        found = unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise ToolRefused(f"the {where} is no UTF-8") from None
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in found):
        raise ToolRefused(f"the {where} holds control characters")
    return found


def read_pairs(text: str, where: str) -> tuple[tuple[str, str], ...]:
    """The names and values of a query or a form, decoded; each name once, and none that overrides the method.

    Raises:
        ToolRefused: a name stands twice or overrides, or an encoding is broken.
    """
    if not text:
        return ()
    if _HEX.search(text):
        raise ToolRefused(f"the {where} has a broken percent-encoding")
    pairs = []
    for part in text.split("&"):
        name, _, value = part.replace("+", " ").partition("=")
        pairs.append((decoded(name, where), _value(value, where)))
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ToolRefused(f"the name {twice[:60]!r} stands twice in the {where}")
    refuse_overriding(names, where)
    return tuple(pairs)


def _value(text: str, where: str) -> str:
    """A value may have line breaks and tabs (a form's text); a name or a path may not."""
    try:
        found = unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise ToolRefused(f"the {where} is no UTF-8") from None
    if "\x00" in found:
        raise ToolRefused(f"the {where} holds the character U+0000")
    return found


def refuse_overriding(names: Iterable[str], where: str) -> None:
    """Refuse names by which some servers take another method than the request line's.

    Raises:
        ToolRefused: there is one.
    """
    for name in names:
        if name.strip().lower() in _OVERRIDING_NAMES:
            raise ToolRefused(f"{name[:40]} in the {where} overrides the method")


def check_headers(headers: Headers, site: Site) -> None:
    """Refuse what makes another party read the request differently: host, framing, upgrade, override.

    Raises:
        ToolRefused: there is such a header.
    """
    names = [name for name, _ in headers]
    hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
    if hosts and hosts[0] not in (str(site), f"{_bracketed(site.host)}:{site.port}"):  # two are no request at all
        raise ToolRefused("the Host header is not the authority")
    if b"upgrade" in names or b"http2-settings" in names:
        raise ToolRefused("the connection may not be upgraded")
    if b"transfer-encoding" in names and b"content-length" in names:
        raise ToolRefused("both Content-Length and Transfer-Encoding")
    overriding = _OVERRIDING_HEADERS.intersection(names)
    if overriding:
        raise ToolRefused(f"the header {min(overriding).decode()} overrides the request line")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host

"""Tokens that must never leave: looked for in what goes out, plain and in the usual encodings.

Evidence, not prevention: what is encrypted, or sent a character at a time, is not found.
"""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from shadow.errors import UsageError

SHORTEST = 8  # characters; a shorter token would be met by chance
_SEPARATORS = re.compile(rb"[^0-9A-Za-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Canaries:
    """What is looked for.

    Attributes:
        needles: a token's name to the bytes that give it away, as they stand.
        folded: a token's name to the bytes that give it away once letters are lower and signs are gone.
    """

    needles: Mapping[str, tuple[bytes, ...]]
    folded: Mapping[str, tuple[bytes, ...]]

    def met(self, *parts: bytes) -> tuple[str, ...]:
        """The names of the tokens that these outgoing bytes give away; each part is also percent-decoded."""
        if not self.needles:
            return ()
        found = set()
        for part in parts:
            plain = unquote_to_bytes(part) if b"%" in part else part
            for one in {part, plain}:
                flat = _SEPARATORS.sub(b"", one).lower()
                found |= {name for name, forms in self.needles.items() if any(form in one for form in forms)}
                found |= {name for name, forms in self.folded.items() if any(form in flat for form in forms)}
        return tuple(sorted(found))


def make_canaries(tokens: Mapping[str, str]) -> Canaries:
    """What gives these tokens away.

    Args:
        tokens: name to token, at least eight characters; only the name is ever written down.

    Raises:
        UsageError: a token is too short.
    """
    for name, token in tokens.items():
        if len(token) < SHORTEST:
            raise UsageError(
                "a canary is too short", where=f"canary {name}", seen=f"{len(token)} characters",
                allowed=f"at least {SHORTEST}",
            )  # fmt: skip
    return Canaries(
        needles={name: _forms(token) for name, token in tokens.items()},
        folded={name: _folded(token) for name, token in tokens.items()},
    )


def _forms(token: str) -> tuple[bytes, ...]:
    raw = token.encode()
    return _unique(
        [raw, raw[::-1], token.encode("utf-16-le"), codecs.encode(token, "rot13").encode(), quote(token).encode()]
        + [form for text in (raw, raw[::-1]) for form in _aligned(text)]
    )


def _aligned(raw: bytes) -> list[bytes]:
    """Base64 and base32 of `raw` at each place that it may have in a longer text, without the edges."""
    forms = []
    for encode, group, width in ((base64.b64encode, 3, 4), (base64.urlsafe_b64encode, 3, 4), (base64.b32encode, 5, 8)):
        for shift in range(group):
            whole = encode(b"\0" * shift + raw).rstrip(b"=")
            start = -(-shift * 8 * width // (group * 8)) if shift else 0
            spare = (shift + len(raw)) % group
            forms.append(whole[start : len(whole) - (1 if spare else 0)])
    return forms


def _folded(token: str) -> tuple[bytes, ...]:
    raw = token.encode()
    flat = _SEPARATORS.sub(b"", raw).lower()
    forms = [raw.hex().encode(), raw[::-1].hex().encode(), codecs.encode(flat.decode(), "rot13").encode()]
    return _unique(forms + [form for form in (flat, flat[::-1]) if len(form) >= SHORTEST])


def _unique(forms: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(forms))

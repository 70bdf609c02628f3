"""The SELECT statements of a declaration, refused at once where they are something else."""

from __future__ import annotations

import re
from collections.abc import Set

from sqlalchemy import text

from shadow.errors import SourceError

# Literals, quoted names and comments hold no keyword of ours.
_SKIPPED = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | --[^\n]* | /\*.*?\*/ | \$(\w*)\$.*?\$\1\$""",
    re.VERBOSE | re.DOTALL,
)
_STARTS = ("select", "with", "values")
_WRITES = frozenset(
    {"insert", "update", "delete", "merge", "into", "drop", "alter", "create", "truncate"}
    | {"grant", "revoke", "attach", "detach", "pragma", "vacuum"}
)


def checked(statement: str, *, where: str, binds: Set[str]) -> str:
    """The statement without its last semicolon, once it is known to be one SELECT with these parameters.

    Raises:
        SourceError: it is no single SELECT, names a write, or its parameters are not exactly `binds`.
    """
    plain = statement.strip().rstrip(";").rstrip()
    words = re.findall(r"\w+|;", _SKIPPED.sub(" '' ", plain).lower())
    if not words or words[0] not in _STARTS or ";" in words:
        raise SourceError("only one SELECT statement may read the live system", where=where, seen=plain[:80])
    written = sorted(_WRITES.intersection(words))
    if written:
        raise SourceError(
            f"a statement that reads the live system holds the word {written[0].upper()}",
            where=where,
            seen=plain[:80],
            todo="select only; put a column of that name in double quotes",
        )
    _check_binds(plain, where, binds)
    return plain


def _check_binds(statement: str, where: str, binds: Set[str]) -> None:
    found = set(text(statement).compile().params)
    if found != binds:
        raise SourceError(
            "the statement's parameters are not the ones that it is given",
            where=where,
            seen=", ".join(f":{name}" for name in sorted(found)) or "none",
            allowed=", ".join(f":{name}" for name in sorted(binds)),
            todo="use each of them, and no other; write a colon in a text as \\:",
        )

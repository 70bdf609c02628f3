"""A candidate that is a Python function, imported in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from shadow.candidates.model import Candidate
from shadow.candidates.pin import pin_of, root_of
from shadow.doors.plain import plain
from shadow.errors import CandidateError

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def python(
    target: str,
    *,
    label: str,
    models: Sequence[str] = (),
    files: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    usd_per_call: str = "0",
    environment: Mapping[str, str] | None = None,
    root: str | None = None,
) -> Candidate:
    """A pinned candidate; its code is found and digested here, and imported only by a replay.

    Args:
        target: "package.module:function"; called as `function(case_input, tools, **settings)`, it
            returns a JSON object. A coroutine function is run to its end.
        label: what people call this version.
        models: the model ids that it is meant to use.
        files: glob patterns relative to `root`: prompts and other files that it reads.
        settings: JSON data passed as keyword arguments.
        usd_per_call: United States dollars a tool call is taken to cost, a decimal text ≥ 0.
        environment: variables that it finds, as `OPENAI_API_KEY` with a dummy: the network door adds the real one.
        root: the directory to import from and to run in; where the module is found by default.

    Raises:
        CandidateError: the target, a file, the settings, a variable or the price are not as above.

    Example:
        >>> python("json.tool:main", label="2026-11-01").target
        'json.tool:main'
    """
    _named(target, label)
    home = str(Path(root).resolve()) if root is not None else root_of(target)
    given = check_settings(settings or {}, target)
    variables = check_variables(environment or {}, target)
    pin = pin_of(target, root=home, files=files, settings=given, models=models, environment=variables)
    return Candidate(
        label=label, target=target, settings=given, models=tuple(models), files=tuple(files),
        environment=variables, usd_per_call=check_price(usd_per_call, target), root=home, pin=pin,
    )  # fmt: skip


def _named(target: str, label: str) -> None:
    if not _TARGET.fullmatch(target):
        raise CandidateError("no target", where=f"candidate {label!r}", seen=target, allowed="package.module:function")
    if not label.strip():
        raise CandidateError("a candidate needs a label", where=target, todo='label="2026-11-01"')


def check_settings(settings: Mapping[str, Any], target: str) -> dict[str, Any]:
    """Settings as JSON data.

    Raises:
        CandidateError: they are none.
    """
    try:
        given: dict[str, Any] = plain(dict(settings), "settings")
    except TypeError as error:
        raise CandidateError(str(error), where=target, allowed="JSON data", todo="pass text or numbers") from error
    return given


def check_variables(environment: Mapping[str, str], target: str) -> dict[str, str]:
    """Variables that an environment can hold.

    Raises:
        CandidateError: one cannot.
    """
    for name, value in environment.items():
        if not _VARIABLE.fullmatch(name) or not isinstance(value, str) or "\0" in value:
            raise CandidateError("no variable", where=f"{target}: environment", seen=str(name)[:60],
                                 allowed="a name of letters, digits and _ with a text")  # fmt: skip
    return dict(environment)


def check_price(text: str, target: str) -> Decimal:
    """A price in United States dollars, ≥ 0.

    Raises:
        CandidateError: it is none.
    """
    try:
        price = Decimal(str(text))
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or price < 0:
        raise CandidateError("no price", where=f"{target}: usd_per_call", seen=str(text), allowed='"0.002"')
    return price

"""A candidate that is a command: any program, run anew for each case, which speaks JSON-RPC over a descriptor."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shadow.candidates.model import Candidate, Command, Service
from shadow.candidates.pin import pin_of_program
from shadow.candidates.python import check_price, check_settings, check_variables
from shadow.errors import CandidateError


def command(
    line: Sequence[str],
    *,
    label: str,
    root: str,
    models: Sequence[str] = (),
    files: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    usd_per_call: str = "0",
    environment: Mapping[str, str] | None = None,
) -> Candidate:
    """A pinned candidate; nothing of it is run here.

    The program runs in `root`, in namespaces of its own, and all that it starts ends with it. It finds an open
    descriptor, whose number is in the variable `SHADOW_LINE`, and speaks JSON-RPC 2.0 over it, a message a line
    (docs/tools.md): `case/get`, `tools/call`, `case/finish`. Its standard input is empty.

    Args:
        line: the program and its arguments. Its name is looked for beside this Python and in the system's
            directories; with a "/" in it, it is a path below `root`.
        label: what people call this version.
        root: the directory that it runs in, and may read.
        models: the model ids that it is meant to use.
        files: glob patterns relative to `root`: what it consists of besides its own source tree.
        settings: JSON data that it is told with its case.
        usd_per_call: United States dollars a tool call is taken to cost, a decimal text ≥ 0.
        environment: variables that it finds, as `OPENAI_API_KEY` with a dummy: the network door adds the real one.

    Raises:
        CandidateError: the command line, a file, the settings, a variable or the price are not as above.

    Example:
        command(["node", "agent.js"], label="2026-11-01", root="agents/refunds")
    """
    return of_program(
        Command(command=tuple(line)), label=label, root=root, models=models, files=files, settings=settings or {},
        usd_per_call=usd_per_call, environment=environment or {},
    )  # fmt: skip


def of_program(
    program: Command | Service, *, label: str, root: str, models: Sequence[str], files: Sequence[str],
    settings: Mapping[str, Any], usd_per_call: str, environment: Mapping[str, str],
) -> Candidate:  # fmt: skip
    """The pinned candidate of a program; see `command`.

    Raises:
        CandidateError: a part is not as it should be.
    """
    if not program.command or not all(isinstance(one, str) and one and "\0" not in one for one in program.command):
        raise CandidateError(
            "no command line", where=f"candidate {label!r}", seen=repr(program.command)[:100],
            allowed='a list of texts, as ["node", "agent.js"]',
        )  # fmt: skip
    target = shlex.join(program.command)
    if not label.strip():
        raise CandidateError("a candidate needs a label", where=target, todo='label="2026-11-01"')
    home = Path(root).resolve()
    if not home.is_dir():
        raise CandidateError("no such directory", where=f"{target}: root", seen=root)
    given, variables = check_settings(settings, target), check_variables(environment, target)
    pin = pin_of_program(
        program, root=str(home), files=files, settings=given, models=models, environment=variables
    )  # fmt: skip
    return Candidate(
        label=label, target=target, program=program, settings=given, models=tuple(models), files=tuple(files),
        environment=variables, usd_per_call=check_price(usd_per_call, target), root=str(home), pin=pin,
    )  # fmt: skip

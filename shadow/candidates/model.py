"""A candidate: what is replayed, pinned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program that is run once for each case, and speaks JSON-RPC over the descriptor that `SHADOW_LINE` names.

    Attributes:
        command: the program and its arguments.
    """

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A program that serves HTTP, started anew for each case and asked once.

    Attributes:
        command: the program and its arguments.
        port: where it listens on 127.0.0.1, 1024 to 65535.
        path: what is posted to, beginning with "/".
    """

    command: tuple[str, ...]
    port: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An agent version on trial.

    Attributes:
        label: what people call it; one label stands for one pin.
        target: "package.module:function", called as `function(case_input, tools, **settings)`; of a program, its
            command line.
        program: what is run instead of a function; None where it is a function.
        settings: JSON data passed as keyword arguments; a command is told them with its case.
        models: the model ids that it is meant to use.
        environment: variables that it finds besides the few that every candidate finds, as a dummy key.
        files: glob patterns relative to `root`: prompts and other files that it reads.
        usd_per_call: United States dollars a tool call is taken to cost, ≥ 0.
        root: absolute path of the directory that its module is imported from; also where it runs.
        pin: SHA-256, 64 hexadecimal digits, of source tree, files, settings, target, models, environment and program.
    """

    label: str
    target: str
    program: Command | Service | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    usd_per_call: Decimal = Decimal(0)
    root: str
    pin: str

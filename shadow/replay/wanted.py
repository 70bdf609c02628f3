"""What the process that cases are forked from is opened for, and what every candidate finds in its environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import shadow
from shadow.cage.broker import Dial
from shadow.replay.external import Sandbox

# All that a candidate finds in its environment. One thread a numeric library: their pools cannot be forked.
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
HOME = str(Path(shadow.__file__).resolve().parent.parent)
CODE = tuple(str(Path(HOME) / name) for name in ("shadow", "comparators"))  # not the whole: a store may lie there


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a zygote is opened for.

    Attributes:
        preload: import once; else each case imports for itself.
        memory_bytes: address space of each process.
        isolation: `KERNEL`, `EXTERNAL` or `COOPERATIVE`; `sandbox`: the admitted one, for `EXTERNAL`.
        dial: connects a caged case to where it wants to go, or refuses; None refuses all.
        door: where the network door listens, as `127.0.0.1:3128`; empty where there is none.
        readable: what it may read besides its own root; `environment`: what it finds besides `ENVIRONMENT`.
        stop: asked several times a second.
    """

    preload: bool
    memory_bytes: int
    isolation: str
    stop: Callable[[], bool]
    dial: Dial | None = None
    readable: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    sandbox: Sandbox | None = None
    door: str = ""

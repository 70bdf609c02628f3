"""An attempt carried into another program: its code and what it closes over, as bytes that the harness alone writes.

The other way nothing is carried: what an attempt says comes back as plain text, and is believed in nothing.
"""

from __future__ import annotations

import ctypes
import importlib
import io
import marshal
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import CellType, FunctionType
from typing import Any

from shadow.cage.preflight import calls
from shadow.cage.preflight.bench import Bench, Page, Victim

_PAGE = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedBench:
    """What an attempt may know of its bench."""

    room: Path
    page: Any


class CarriedVictim(Victim):
    """The target process, as another program may know it."""

    def __init__(self, pid: int, proc: str, place: int) -> None:
        self.pid, self.proc, self._place = pid, Path(proc), place

    @property
    def place(self) -> int:
        """The address of its memory."""
        return self._place


def pack(attempt: Callable[[], object]) -> bytes:
    """An attempt as bytes.

    Raises:
        pickle.PicklingError, TypeError, AttributeError: it holds something that no other program can have.
    """
    into = io.BytesIO()
    _Packer(into).dump(attempt)
    return into.getvalue()


def unpack(text: bytes, page: object) -> Callable[[], object]:
    """The attempt out of `pack`'s bytes; what it tells, it tells `page`. Only ever for what the harness packed."""
    found: Callable[[], object] = _Unpacker(text, page).load()
    return found


class _Packer(pickle.Pickler):
    def persistent_id(self, one: Any) -> str | None:
        return _PAGE if isinstance(one, Page) else None

    def reducer_override(self, one: Any) -> Any:
        if isinstance(one, FunctionType) and "<" in one.__qualname__:
            return _function, _parts(one)
        if isinstance(one, Bench):
            return _bench, (one.room, one.page)
        if isinstance(one, Victim):
            return CarriedVictim, (one.pid, str(one.proc), one.place)
        if isinstance(one, ctypes.Array):
            return calls.buffer, (bytes(one.raw),)
        return NotImplemented


class _Unpacker(pickle.Unpickler):
    def __init__(self, text: bytes, page: object) -> None:
        super().__init__(io.BytesIO(text))
        self._page = page

    def persistent_load(self, _: Any) -> object:
        return self._page


def _parts(one: FunctionType) -> tuple[Any, ...]:
    closed = tuple(cell.cell_contents for cell in one.__closure__ or ())
    return one.__module__, marshal.dumps(one.__code__), one.__name__, one.__defaults__, one.__kwdefaults__, closed


def _function(
    module: str, code: bytes, name: str, defaults: Any, keywords: Any, closed: tuple[Any, ...]
) -> FunctionType:
    cells = tuple(CellType(one) for one in closed)
    known = vars(importlib.import_module(module))
    made = FunctionType(marshal.loads(code), known, name, defaults, cells)
    made.__kwdefaults__ = keywords
    return made


def _bench(room: Path, page: Any) -> CarriedBench:
    return CarriedBench(room=room, page=page)

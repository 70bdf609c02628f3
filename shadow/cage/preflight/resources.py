"""What comes with a process (descriptors, environment), and how much it may take."""

from __future__ import annotations

import ctypes
import mmap
import os
import secrets

from shadow.cage.preflight import calls
from shadow.cage.preflight.bench import Bench, field_of
from shadow.cage.preflight.egress import WORD
from shadow.cage.preflight.model import Group, Look, Scene
from shadow.cage.preflight.others import has

RESOURCES = Group("what comes along, and how much")
_MUCH = 1 << 38  # 256 GB of addresses, none of which is touched


@RESOURCES.attack("write by an inherited descriptor")
def inherited(bench: Bench) -> Scene:
    """What the parent had open: a socket to its own supervisor, as an Airflow task has at descriptor 0."""
    reading, writing = bench.pipe()
    return Scene(attempt=lambda: os.write(writing, WORD), landed=lambda _: has(reading))


@RESOURCES.attack("write by the inherited standard input")
def standard_input(bench: Bench) -> Scene:
    """Descriptor 0 of an Airflow task is a socket to its supervisor, and is open both ways."""
    reading, writing = bench.pipe()
    return Scene(attempt=lambda: os.write(0, WORD), landed=lambda _: has(reading), before=lambda: os.dup2(writing, 0))


@RESOURCES.attack("read by an inherited descriptor")
def inherited_read(bench: Bench) -> Scene:
    """Landed where what it tells is in a file that it could not have opened: it has no name any more."""
    path = bench.room / "secret"
    path.write_bytes(secrets.token_bytes(16))
    number = bench.opened(path)
    path.unlink()

    def attempt() -> None:
        bench.page.told = os.pread(number, 16, 0)

    return Scene(attempt=attempt, landed=lambda look: bool(look.told) and look.told == os.pread(number, 16, 0))


@RESOURCES.attack("read the inherited environment")
def environment(bench: Bench) -> Scene:
    """Landed where what it tells is the secret that its parent had there."""
    secret = secrets.token_hex(16).encode()

    def before() -> None:
        os.environb[b"SHADOW_PREFLIGHT_SECRET"] = secret

    def attempt() -> None:
        found = calls.libc.getenv
        found.restype = ctypes.c_char_p
        bench.page.told = found(b"SHADOW_PREFLIGHT_SECRET") or os.environb.get(b"SHADOW_PREFLIGHT_SECRET", b"")

    return Scene(attempt=attempt, landed=lambda look: look.told == secret, before=before)


@RESOURCES.attack("memory without end")
def memory(_: Bench) -> Scene:
    """Addresses only, untouched: no load."""
    held: list[mmap.mmap] = []

    def attempt() -> None:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000  # MAP_NORESERVE
        held.append(mmap.mmap(-1, _MUCH, flags=flags, prot=mmap.PROT_READ))

    return Scene(attempt=attempt, landed=lambda look: _kilobytes(look) * 1024 >= _MUCH)


def _kilobytes(look: Look) -> int:
    return int(field_of(look.proc, "VmSize").split()[0])

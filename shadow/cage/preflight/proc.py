"""/proc of another process of the same user: what it knows, holds and may do."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from shadow.cage.preflight.bench import Bench
from shadow.cage.preflight.egress import WORD
from shadow.cage.preflight.model import Group, Scene
from shadow.cage.preflight.others import has

PROC = Group("/proc of other processes")


@PROC.attack("read its environment")
def environ(bench: Bench) -> Scene:
    """Where tokens are kept; landed where what it tells is the secret of another program's environment."""
    secret = secrets.token_hex(16)
    number = bench.program({"SECRET": secret})
    del secret

    def attempt() -> None:
        bench.page.told = Path(f"/proc/{number}/environ").read_bytes()

    return Scene(
        attempt=attempt,
        landed=lambda look: (
            look.told.startswith(b"SECRET=") and look.told == Path(f"/proc/{number}/environ").read_bytes()
        ),
    )


@PROC.attack("read its memory under /proc")
def read_memory(bench: Bench) -> Scene:
    """Landed where what it tells is the secret that only the target has drawn."""
    victim = bench.victim()

    def attempt() -> None:
        bench.page.told = victim.holds()[:16]

    return Scene(attempt=attempt, landed=lambda look: bool(look.told) and victim.holds().startswith(look.told))


@PROC.attack("write its memory under /proc")
def write_memory(bench: Bench) -> Scene:
    """Its code could be written as well."""
    victim = bench.victim()

    def attempt() -> None:
        with (victim.proc / "mem").open("r+b", buffering=0) as memory:
            memory.seek(victim.place)
            memory.write(WORD)

    return Scene(attempt=attempt, landed=lambda _: victim.holds().startswith(WORD))


@PROC.attack("write a file by its root")
def by_root(bench: Bench) -> Scene:
    """Another name for the same path, past rules that go by names."""
    victim, path = bench.victim(), bench.room / "by-root"
    return Scene(attempt=lambda: Path(f"{victim.proc}/root{path}").write_bytes(WORD), landed=lambda _: path.exists())


@PROC.attack("write by its descriptor")
def by_descriptor(bench: Bench) -> Scene:
    """Opens anew what it holds open."""
    reading, writing = bench.pipe()
    victim = bench.victim()

    def attempt() -> None:
        os.write(os.open(f"{victim.proc}/fd/{writing}", os.O_WRONLY), WORD)

    return Scene(attempt=attempt, landed=lambda _: has(reading))


@PROC.attack("open a descriptor to read anew to write")
def own_descriptor(bench: Bench) -> Scene:
    """/proc/self/fd gives what was opened to read once more, to write."""
    path = bench.file()
    before = path.read_bytes()

    def attempt() -> None:
        number = os.open(path, os.O_RDONLY)
        os.write(os.open(f"/proc/self/fd/{number}", os.O_WRONLY), WORD)

    return Scene(attempt=attempt, landed=lambda _: path.read_bytes() != before)


def _settings(bench: Bench, name: str, value: str) -> Scene:
    victim = bench.victim()
    path = victim.proc / name
    before = path.read_text(encoding="utf-8")
    return Scene(
        attempt=lambda: path.write_text(value, encoding="utf-8"),
        landed=lambda _: path.read_text(encoding="utf-8") != before,
    )


PROC.attack("make it the first to be killed")(lambda bench: _settings(bench, "oom_score_adj", "900"))
PROC.attack("choose what its core dump holds")(lambda bench: _settings(bench, "coredump_filter", "0x7f"))

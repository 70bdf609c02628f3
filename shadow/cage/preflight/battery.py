"""The battery: every attack first without the cage, then in it, judged from outside each time."""

from __future__ import annotations

import json
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from shadow.cage.preflight.bench import PENDING, Bench
from shadow.cage.preflight.calls import PR_SET_SUBREAPER, prctl
from shadow.cage.preflight.egress import EGRESS
from shadow.cage.preflight.families import FAMILIES
from shadow.cage.preflight.files import FILES
from shadow.cage.preflight.ipc import IPC
from shadow.cage.preflight.kernel import KERNEL
from shadow.cage.preflight.listening import LISTENING
from shadow.cage.preflight.local_sockets import LOCAL
from shadow.cage.preflight.locks import LOCKS
from shadow.cage.preflight.marks import MARKS
from shadow.cage.preflight.model import Attack, Result, Row, Scene, Seen, each, from_json
from shadow.cage.preflight.others import OTHERS
from shadow.cage.preflight.proc import PROC
from shadow.cage.preflight.processes import PROCESSES
from shadow.cage.preflight.resources import RESOURCES
from shadow.cage.preflight.rings import RINGS
from shadow.cage.preflight.trial import HUNG, Begin, Shown, Way, sweep, try_it
from shadow.errors import ContainmentUnavailable

ATTACKS = each(
    (EGRESS, FAMILIES, RINGS, LOCAL, LISTENING, FILES, MARKS, LOCKS, IPC, PROCESSES, OTHERS, PROC, KERNEL, RESOURCES)
)

HUNG_MOST = 3  # attempts that may take too long before the battery gives up


def in_this_process(entering: Callable[[Path], object]) -> Way:
    """The attempt is made by a fork of the harness, which inside cages itself first."""
    return Way(outside=lambda *_: None, inside=lambda _scene, _page, room: lambda: entering(room))


def battery(
    entering: Callable[[Path], object],
    *,
    within: Path | None = None,
    attacks: Sequence[Attack] = ATTACKS,
    progress: Callable[[int, int], object] | None = None,
) -> Result:
    """Try every attack, in a process of its own that adopts whatever they leave behind.

    Call it where no other thread runs: it forks.

    Args:
        entering: cages the process that calls it. It is given the directory of all targets, which the cage
            must let be read and not be written, so that no attack fails only for not seeing its target.
        within: where that directory is made; the temporary directory by default.
        attacks: which.
        progress: told how many are done and of how many.

    Raises:
        ContainmentUnavailable: the cage cannot be entered, or the battery did not come to its end.
    """
    return tried(in_this_process(entering), within=within, attacks=attacks, progress=progress)


def tried(
    way: Way,
    *,
    within: Path | None = None,
    attacks: Sequence[Attack] = ATTACKS,
    progress: Callable[[int, int], object] | None = None,
) -> Result:
    """As `battery`, in another way than by a fork that cages itself."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _host(writing, lambda: _all(way, within, attacks, progress))
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        text = told.read()
    _, status = os.waitpid(pid, 0)
    data = json.loads(text or b"{}")
    if "rows" not in data:
        raise failed(data.get("failed", [f"it ended with {os.waitstatus_to_exitcode(status)}"]))
    return from_json(data)


def failed(parts: list[str]) -> ContainmentUnavailable:
    """What a process of the preflight says of its end: an error's five parts, or what was seen alone."""
    if len(parts) == 5:
        return ContainmentUnavailable(parts[0], where=parts[1], seen=parts[2], allowed=parts[3], todo=parts[4])
    todo = "nothing is known of this machine's cage: run shadow preflight here, as the user that runs the candidates"
    return ContainmentUnavailable(
        "the preflight did not come to its end", where="preflight", seen=" ".join(parts)[:500], todo=todo
    )


def parts_of(error: BaseException) -> list[str]:
    """What `failed` makes an error of again."""
    if isinstance(error, ContainmentUnavailable):
        return [error.what, error.where, error.seen, error.allowed, error.todo]
    return [f"{type(error).__name__}: {error}"]


def _host(writing: int, work: Callable[[], Result]) -> NoReturn:
    """The battery's own process: one thread, no children but its own, signals that attacks send blocked."""
    code = 1
    try:
        prctl(PR_SET_SUBREAPER, 1)
        signal.pthread_sigmask(signal.SIG_BLOCK, PENDING)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.umask(0o077)
        text = json.dumps(work().to_json()).encode()
        code = 0
    except BaseException as error:  # the process must not go on as a second caller
        text = json.dumps({"failed": parts_of(error)}).encode()
    with os.fdopen(writing, "wb") as told:
        told.write(text)
    os._exit(code)


def _all(
    way: Way,
    within: Path | None,
    attacks: Sequence[Attack],
    progress: Callable[[int, int], object] | None,
) -> Result:
    begun, rows = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="shadow-preflight-", dir=within) as made:
        room = Path(made).resolve()
        way.ready(room)
        _enterable(room, way)
        for number, attack in enumerate(attacks, start=1):
            rows.append(_row(attack, room, way))
            _answered(rows)
            if progress is not None:
                progress(number, len(attacks))
    return Result(rows=tuple(rows), seconds=round(time.monotonic() - begun, 2), user=os.geteuid())


def _enterable(room: Path, way: Way) -> None:
    """Enter it once and ask for one thing: where nobody answers, no attack would be an answer either."""
    idle = Scene(attempt=lambda: socket.socket(socket.AF_UNIX).close(), landed=lambda _: False)
    page = way.page()
    try:
        shown = try_it(idle, page, way.inside(idle, page, room), attempt_s=way.attempt_s)
    finally:
        page.close()
    if shown.seen is not Seen.NOTHING:
        todo = "run shadow doctor here; nothing runs under this cage until it can be entered"
        raise ContainmentUnavailable(
            "the cage cannot be entered, or does not answer", where="preflight", seen=shown.how, todo=todo
        )


def _answered(rows: Sequence[Row]) -> None:
    """Give up where attempt after attempt waits in the cage for an answer: nothing would be known at the end."""
    hung = [row for row in rows if row.inside is Seen.UNCLEAR and row.how == HUNG]
    if len(hung) >= HUNG_MOST:
        names = ", ".join(row.name for row in hung)
        raise ContainmentUnavailable("attempts do not end in the cage", where="preflight", seen=f"{HUNG}: {names}")


def _row(attack: Attack, room: Path, way: Way) -> Row:
    why = attack.why_left_out()
    if why:
        return _told(attack, Seen.NOT_TRIED, Seen.NOT_TRIED, reason=why)
    outside = _try(attack, room, way, way.outside)
    if outside is None:
        return _told(attack, Seen.NOT_TRIED, Seen.NOT_TRIED, reason="its target cannot be made here")
    if outside.seen is not Seen.LANDED:
        reason = f"it does not work without the cage either: {outside.how}"
        inside = _try(attack, room, way, way.inside)  # where it lands all the same, that is said
        landed = inside is not None and inside.seen is Seen.LANDED
        return _told(attack, outside.seen, Seen.LANDED if landed else Seen.NOT_TRIED, reason=reason)
    inside = _try(attack, room, way, way.inside)
    if inside is None:
        return _told(attack, Seen.LANDED, Seen.UNCLEAR, reason="its target could not be made a second time")
    wrong = {Seen.LANDED: "it works in the cage", Seen.UNCLEAR: inside.how}.get(inside.seen, "")
    return _told(attack, Seen.LANDED, inside.seen, reason=wrong, how=inside.how)


def _told(attack: Attack, outside: Seen, inside: Seen, *, reason: str = "", how: str = "") -> Row:
    return Row(name=attack.name, group=attack.group, outside=outside, inside=inside, reason=reason, how=how)


def _try(attack: Attack, room: Path, way: Way, begin: Begin) -> Shown | None:
    """One attempt on fresh targets; None where they cannot be made."""
    try:
        with Bench(room, page=way.page()) as bench:
            try:
                scene = attack.stage(bench)
            except OSError:
                return None
            return try_it(scene, bench.page, begin(scene, bench.page, room), attempt_s=way.attempt_s)
    finally:
        sweep(set())

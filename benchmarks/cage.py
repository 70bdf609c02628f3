"""What the kernel's cage costs, in CPU milliseconds, each beside the same without it, in one run.

    python -m benchmarks.cage [cases]

*Set-up*: a process that enters the cage and ends, beside one that ends. *Fork*: a fork per case of a caged process,
asked of the listener and told by the word, beside a bare fork. *Case*: a whole case through `replay`, with its line
and its door, in the cage and without. CPU of all processes and threads is counted, so the machine's load matters
little; the rounds alternate, and the middle one of each is taken.
"""

from __future__ import annotations

import os
import resource
import socket
import statistics
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from shadow.cage.broker import WORD, Broker
from shadow.cage.enter import enter
from shadow.cage.policy import for_candidate
from shadow.candidates.python import python
from shadow.case import Case
from shadow.contract.model import Contract
from shadow.replay import Limits, replay
from shadow.replay.isolation import COOPERATIVE, KERNEL, enter_case

ROUNDS = 9
FORKS = 200
_NOW = datetime(2026, 3, 2, tzinfo=UTC)
_ANY = {"type": "object"}
_CONTRACT = Contract(
    workflow="cost", owner="ops", unit="n", accepts=_ANY, produces=_ANY, tools=(), compare={}, gates=(), stops=()
)


def cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def milliseconds(work: Callable[[], object], times: int) -> float:
    """CPU milliseconds of one of so many."""
    before = cpu()
    work()
    return (cpu() - before) * 1000 / times


def ended(body: Callable[[], object]) -> None:
    """A process that does this and ends."""
    pid = os.fork()
    if pid == 0:
        body()
        os._exit(0)
    os.waitpid(pid, 0)


def each(times: int, body: Callable[[], object]) -> None:
    """So many of them, one after the other."""
    for _ in range(times):
        ended(body)


def set_up(root: str, times: int) -> tuple[float, float]:
    """(bare, caged) process that ends at once, each."""
    policy = for_candidate(root, forks=True)

    def caged() -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        enter(policy, control=theirs)
        ours.close()

    bare = milliseconds(lambda: each(times, lambda: None), times)
    return bare, milliseconds(lambda: each(times, caged), times)


def bare_forks(times: int) -> None:
    """One process that forks so many, one after the other."""
    ended(lambda: each(times, lambda: None))


def caged_forks(root: str, times: int) -> None:
    """The same in the cage: each fork granted by the listener, bound to its parent, and told by a word."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    policy = for_candidate(root, forks=True)
    pid = os.fork()
    if pid == 0:
        ours.close()
        _fork_caged(policy_enter=lambda: enter(policy, control=theirs), control=theirs, times=times)
    theirs.close()
    _, given, _, _ = socket.recv_fds(ours, 1, 1)
    broker = Broker(given[0], ours, parent=pid)
    for _ in range(times):
        broker.grant()
    ours.send(b"g")
    os.waitpid(pid, 0)
    broker.close()


def _fork_caged(policy_enter: Callable[[], None], control: socket.socket, times: int) -> NoReturn:
    policy_enter()
    control.recv(1)
    here = os.getpid()
    for case in range(1, times + 1):
        pid = os.fork()
        if pid == 0:
            enter_case(KERNEL, parent=here, memory_bytes=2**32)
            os._exit(0)
        control.send(WORD.pack(pid, case))
        os.waitpid(pid, 0)
        control.send(WORD.pack(pid, -case))
    os._exit(0)


def replayed(root: str, isolation: str, cases: int) -> None:
    """So many cases of a candidate that does nothing, four at once."""
    agent = python("idle:handle", label="v1", root=root)
    given = (Case(id=f"c{n}", unit="u", arrived_at=_NOW, began_at=_NOW, input={"n": n}) for n in range(cases))
    running = replay(
        given, agent, contract=_CONTRACT, bindings={}, experiment="cost", limits=Limits(at_once=4), isolation=isolation
    )
    wrong = [seen.error for _, seen in running if seen.error]
    if wrong:
        raise SystemExit(f"a case went wrong: {wrong[0]}")


def main() -> None:
    """Print the table."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rows: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in ("set-up", "fork", "case")}
    with tempfile.TemporaryDirectory() as root:
        Path(root, "idle.py").write_text("def handle(case, tools): return {}\n", encoding="utf-8")
        for _ in range(ROUNDS):
            pairs = {
                "set-up": set_up(root, 20),
                "fork": (
                    milliseconds(lambda: bare_forks(FORKS), FORKS),
                    milliseconds(lambda: caged_forks(root, FORKS), FORKS),
                ),
                "case": (
                    milliseconds(lambda: replayed(root, COOPERATIVE, cases), cases),
                    milliseconds(lambda: replayed(root, KERNEL, cases), cases),
                ),
            }
            for name, pair in pairs.items():
                for kept, seen in zip(rows[name], pair, strict=True):
                    kept.append(seen)
    sys.stdout.write("CPU ms      bare   caged   more   times\n")
    for name, (bare, caged) in rows.items():
        without, within = statistics.median(bare), statistics.median(caged)
        sys.stdout.write(f"{name:8} {without:7.2f} {within:7.2f} {within - without:6.2f} {within / without:7.2f}\n")


if __name__ == "__main__":
    main()

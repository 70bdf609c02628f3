"""Accounts, counts and certificates, made by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shadow.certificate.certificate import Attempts, Certificate
from shadow.certificate.counting import Counted, Replayed, counted
from shadow.certificate.model import Account, Paper, Passed, Seen, Shown
from shadow.observation import AnswerKind, Effect, Ending, Observation, Read, Refusal, RefusalKind

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
KERNEL, COOPERATIVE = "kernel: seccomp, Landlock 7", "cooperative, not enforced"
EXTERNAL = "external: attested 1 Nov 2026 until 8 Nov 2026"
TOOLS = ("orders.get", "refund.issue", "escalate")
SHOWN = Shown(
    at=NOW - timedelta(hours=1), battery="b" * 16, tried=86, landed_outside=71, landed_inside=0, not_provable=15
)
LEAKING = replace(SHOWN, landed_inside=2)
PAPER = Paper(
    signer="this store", at=NOW - timedelta(days=1), expires=NOW + timedelta(days=6), digest="d" * 64, shown=SHOWN
)
CAGED = Seen(no_new_privs=True, seccomp=2, filters=2, capabilities=0, user=0, count=12)
LOOSE = Seen(no_new_privs=False, seccomp=0, filters=0, capabilities=0, user=0, count=1)


def account(**changed: Any) -> Account:
    """One attempt in the kernel's cage."""
    made: dict[str, Any] = {
        "isolations": (KERNEL,),
        "policies": ("p" * 64,),
        "filters": ("f" * 64,),
        "preflights": (SHOWN,),
        "processes": (CAGED,),
        "routes": (Passed(name="GET /orders", kind="read", decisions={"forwarded": 3}, bytes_out=300, bytes_in=900),),
        "modes": ("forked from one import",),
        "witnesses": ("orders_ro: no change was made over this connection.",),
    }
    return Account(**{**made, **changed})


def tried(call: str = "connect", about: str = "127.0.0.1:80", *, times: int = 1, **more: Any) -> Refusal:
    """A call that the cage refused."""
    given = {"why": f"{call} is refused", "kind": RefusalKind.SYSTEM, **more}
    return Refusal(tool=call, args={"about": about, "times": times}, **given)


def refund(order: str = "o1") -> Effect:
    """A held refund."""
    return Effect(tool="refund.issue", args={"order": order}, held=f"h-{order}")


def read(kind: AnswerKind = AnswerKind.AS_OF, **more: Any) -> Read:
    """A read that was answered."""
    return Read(tool="orders.get", args={"order": "o1"}, kind=kind, at=NOW, **more)


def seen(*refusals: Refusal, effects: Sequence[Effect] = (refund(),), reads: Sequence[Read] = (read(),)) -> Observation:
    """What a candidate did with a case."""
    return Observation(ending=Ending.FINISHED, value={}, effects=tuple(effects), reads=tuple(reads), refusals=refusals)


def count(*cases: Observation | None, way: str = KERNEL, first: int = 1) -> Counted:
    """The counts of these cases, c1, c2, …; None is one whose record is no longer kept."""
    rows = [
        Replayed(f"c{number}", way, None if one is None else one.to_json()) for number, one in enumerate(cases, first)
    ]
    return counted(rows, tools=TOOLS)


def certificate(
    held: Account | None = None,
    counts: Counted | None = None,
    *,
    run: str = "r1",
    attempts: Mapping[str, int] | None = None,
) -> Certificate:
    """A run's certificate: one attempt, one case with one held refund."""
    counts = counts or count(seen())
    return Certificate(
        workflow="refund-desk",
        experiment="e1",
        candidate="v1",
        pin="9" * 64,
        runs=(run,),
        start=NOW,
        end=NOW + timedelta(days=1),
        taken=counts.cases,
        open=0,
        dead=0,
        attempts=Attempts(**{"all": 1, **(attempts or {})}),
        account=held or account(),
        counted=counts,
    )

"""Cases through a candidate, several at once; every case has ended, with all it started, before it is told of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from shadow.candidates import Candidate
from shadow.candidates.pin import pin_now
from shadow.case import Case
from shadow.certificate.model import Account
from shadow.contract.model import Contract
from shadow.doors.bindings import Binding, check_bindings, open_bindings
from shadow.doors.checks import compile_checks
from shadow.errors import CandidateError, ContainmentUnavailable
from shadow.observation import Observation, Refusal
from shadow.replay.denied import refusals
from shadow.replay.isolation import ISOLATION, KERNEL, check
from shadow.replay.limits import Limits
from shadow.replay.loop import FORKED, FRESH, gather, shut, start_nursery, steps
from shadow.replay.state import State

if TYPE_CHECKING:
    from shadow.doors.network.traffic import Traffic
    from shadow.replay.external import Sandbox
    from shadow.replay.network import Network

__all__ = ["FORKED", "FRESH", "ISOLATION", "Limits", "Replay", "never", "replay"]


def never() -> bool:
    """Never stop."""
    return False


class Replay:
    """A running replay: iterate over it for each case and its observation, in the order of their ends.

    Leaving it early, by `close` or as a context manager, ends every process of it; the cases in flight
    are then not told of, and may be replayed.
    """

    __slots__ = ("_state", "_steps")

    def __init__(self, state: State) -> None:
        self._state = state
        self._steps = steps(state)

    @property
    def mode(self) -> str:
        """ "forked from one import", or "fresh process per case: " and why; empty where stopped before."""
        return self._state.mode

    @property
    def isolation(self) -> str:
        """How the candidate is held, in the words that every record carries; empty where stopped before."""
        return self._state.held

    @property
    def denied_at_import(self) -> tuple[Refusal, ...]:
        """What the cage denied while the candidate was imported; it belongs to no case."""
        return refusals(self._state.gathered.at_import)

    @property
    def traffic(self) -> Traffic | None:
        """What has passed the network door so far, by case and route; None where there is no door."""
        return None if self._state.network is None else self._state.network.traffic

    @property
    def account(self) -> Account:
        """What is known by now of how it is held, for the certificate; the last word once it is closed."""
        state = self._state
        if state.nursery is not None:
            gather(state, state.nursery)
        return state.gathered.account(
            isolation=state.held, mode=state.mode, restarts=state.restarts, traffic=self.traffic
        )

    @property
    def restarts(self) -> int:
        """How often the process that cases are forked from was lost and started anew."""
        return self._state.restarts

    def __iter__(self) -> Iterator[tuple[Case, Observation]]:
        return self

    def __next__(self) -> tuple[Case, Observation]:
        return next(self._steps)

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every process of this replay."""
        self._steps.close()  # type: ignore[attr-defined]
        shut(self._state)


def replay(
    cases: Iterable[Case],
    candidate: Candidate,
    *,
    contract: Contract,
    bindings: Mapping[str, Binding],
    experiment: str,
    limits: Limits | None = None,
    stop: Callable[[], bool] = never,
    isolation: str = KERNEL,
    sandbox: Sandbox | None = None,
    network: Network | None = None,
    repeat: int = 0,
) -> Replay:
    """Take cases through a candidate; the candidate is imported, once, before this returns.

    A case during which the process that cases are forked from was lost is redone once, alone; it is an
    error the second time. Once `stop` is true no case is started, those in flight are ended and not
    told of.

    Args:
        cases: taken one by one as there is room.
        candidate: its source must still have the digest that it was pinned with.
        contract: a sound one; its tools are what the candidate may call.
        bindings: how each tool is served, from this process.
        experiment: its id; begins the id of each held effect.
        limits: what each case may use.
        stop: asked several times a second, as after SIGTERM.
        isolation: "kernel"; or "external", in a sandbox that was admitted; or, by name, "cooperative", which
            enforces nothing.
        sandbox: the admitted one, where isolation is "external".
        network: an open network door, which this replay closes; None: every connection is refused.
        repeat: 0 for the replay that is compared; n for the nth taken again for noise, with another seed.

    Raises:
        ContainmentUnavailable: this machine cannot hold the candidate as asked; nothing of it was run.
        BindingError: a tool cannot be served.
        SourceError: a connection cannot be opened; or, while iterating, a case's input is no JSON.
        CandidateError: the candidate cannot be imported, or is no longer what was pinned.
    """
    try:
        check(isolation)
        _enforced(isolation, network)
        check_bindings(contract, bindings)
        open_bindings(bindings)
        checks = compile_checks(contract)
    except BaseException:
        if network is not None:
            network.close()
        raise
    return _started(
        State(
            cases=iter(cases), candidate=candidate, checks=checks, bindings=bindings, experiment=experiment,
            limits=limits or Limits(), stop=stop, isolation=isolation, sandbox=sandbox, network=network,
            repeat=repeat,
        )
    )  # fmt: skip


def _enforced(isolation: str, network: Network | None) -> None:
    """An agent that speaks HTTP is never run where nothing would hold what it asks past the door."""
    if network is not None and isolation != KERNEL:
        raise ContainmentUnavailable(
            "an agent whose tools have routes speaks HTTP, and nothing would hold what it asks past the door",
            where="isolation", seen=isolation, allowed=KERNEL,
            todo="run it where `shadow doctor` says that the kernel enforces, or bind its tools without routes",
        )  # fmt: skip


def _started(state: State) -> Replay:
    try:
        start_nursery(state)
        _same_pin(state.candidate)
    except BaseException:
        shut(state)
        raise
    return Replay(state)


def _same_pin(candidate: Candidate) -> None:
    """Refuse a candidate whose source has changed between its declaration and its import."""
    now = pin_now(candidate)
    if now != candidate.pin:
        raise CandidateError(
            "its source is no longer what was pinned", where=candidate.label, seen=now[:12],
            allowed=candidate.pin[:12], todo="declare it again, under a label of its own",
        )  # fmt: skip

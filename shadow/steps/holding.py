"""How a shard's candidate is held, what had shown that this holds, and what its supervisor tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from shadow.certificate.model import Account, Paper, Shown
from shadow.doors.bindings import Binding, witnesses
from shadow.doors.routes import routes_of
from shadow.errors import BindingError, LeaseLost
from shadow.replay import Replay
from shadow.replay.isolation import EXTERNAL, KERNEL, chosen
from shadow.setup import Setup
from shadow.steps.beginning import Clock
from shadow.store import Store
from shadow.store.accounts import begin_account, note_account
from shadow.store.replays import Shard

if TYPE_CHECKING:
    from shadow.cage.preflight.model import Result
    from shadow.replay.external import Sandbox
    from shadow.replay.network import Network  # needs more packages; only where a route is bound

_EACH = 50  # cases after which the supervisor tells what it knows so far


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """How a shard will be held.

    Attributes:
        isolation: as `replay` takes it; `sandbox`: the admitted one, where it is external.
        known: what is known before the first case.
    """

    isolation: str
    known: Account
    sandbox: Sandbox | None = None


def hold(store: Store, clock: Clock) -> Hold:
    """The isolation that is asked for here, once it has been shown to hold.

    Raises:
        ContainmentUnavailable: this machine cannot hold a candidate as asked, or what should hold leaks; or an
            attestation does not count here and now.
        CandidateError: no such isolation.
    """
    isolation, now = chosen(), clock()
    if isolation == KERNEL:
        from shadow.cage.preflight.gatekeeper import shown_here

        found = shown_here(now)
        shown = _shown(found.result, at=found.at, battery=found.subject["battery"])
        return Hold(isolation=isolation, known=Account(preflights=(shown,)))
    if isolation == EXTERNAL:
        return _attested(store, now)
    return Hold(isolation=isolation, known=Account(isolations=(isolation,)))


def _attested(store: Store, now: datetime) -> Hold:
    from shadow.cage.preflight.attestation import PURPOSE
    from shadow.replay.external import admitted

    found = admitted(store.secret(PURPOSE), now)
    paper = Paper(
        signer=found.signer, at=found.at, expires=found.expires, digest=found.paper,
        shown=_shown(found.result, at=found.at, battery=found.battery),
    )  # fmt: skip
    return Hold(isolation=EXTERNAL, known=Account(isolations=(found.words,), papers=(paper,)), sandbox=found)


def _shown(result: Result, *, at: datetime, battery: str) -> Shown:
    return Shown(
        at=at, battery=battery, tried=len(result.rows), landed_outside=len(result.outside),
        landed_inside=len(result.inside), not_provable=len(result.rows) - len(result.outside),
        unclear=len(result.unclear),
    )  # fmt: skip


def door_of(store: Store, setup: Setup, shard: Shard) -> Network | None:
    """The network door of this shard's replays; None where nothing has a route.

    Raises:
        BindingError: its packages are not installed.
    """
    routes = routes_of(setup.bindings, setup.passes)
    if not routes:
        return None
    try:
        from shadow.doors.network.calls import Settings
        from shadow.replay.network import open_network
        from shadow.store.recordings import StoreRecordings
    except ModuleNotFoundError as error:
        raise BindingError(
            "routes need packages that are not installed", where=f"{setup.contract.workflow}: bindings",
            seen=str(error), todo="pip install 'shadow-harness[network]'",
        ) from error  # fmt: skip
    kept = StoreRecordings(store, shard)
    given = Settings(experiment=shard.run.experiment, recordings=kept, canaries=dict(setup.canaries))
    return open_network(routes, given)


@dataclass(slots=True, kw_only=True, eq=False)
class Teller:
    """Tells the store what the supervisor of one attempt knows.

    Attributes:
        bindings: whose live systems are asked whether reading has written.
        number: the attempt's; `cases`: how many have ended.
    """

    store: Store
    shard: Shard
    clock: Clock
    known: Account
    found: Replay
    bindings: Mapping[str, Binding]
    number: int
    cases: int = 0

    def case(self) -> None:
        """A case has ended."""
        self.cases += 1
        if self.cases % _EACH == 0:
            self.tell(closed=False)

    def tell(self, *, closed: bool) -> None:
        """Write down what is known by now."""
        account = replace(
            self.found.account, preflights=self.known.preflights, papers=self.known.papers,
            witnesses=witnesses(self.bindings),
        )  # fmt: skip
        note_account(self.store, self.shard, self.number, account, self.clock(), closed)


@contextmanager
def telling(
    store: Store, shard: Shard, known: Account, found: Replay, *, bindings: Mapping[str, Binding], clock: Clock
) -> Iterator[Teller]:
    """An attempt's account, from before its first case to its last word, which is said however the block ends.

    An attempt that is killed has said no last word, and one that has lost its lease may say none.
    """
    known = replace(known, isolations=(found.isolation,) if found.isolation else known.isolations)
    number = begin_account(store, shard, known, clock())
    teller = Teller(
        store=store, shard=shard, clock=clock, known=known, found=found, bindings=bindings, number=number
    )  # fmt: skip
    try:
        yield teller
    finally:
        found.close()
        with suppress(LeaseLost):
            teller.tell(closed=True)

"""An account: what one attempt at a shard adds to its run's certificate, as its supervisor alone knows it.

What belongs to a case (reads, held effects, refusals) is not in here: it is counted from the stored observations,
so that a case which two attempts took is counted once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from shadow.errors import StoreError
from shadow.frozen import freeze
from shadow.observation import Refusal, RefusalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the kernel said of processes that looked alike to their supervisor, and how many they were.

    Attributes:
        no_new_privs: whether they could never gain a privilege by running a program.
        seccomp: 2 where a filter was in force; `filters`: how many.
        capabilities: those they had or could take, as bits.
        user: effective user id.
        apart: kinds of namespaces that are not the supervisor's, as "net", sorted.
        count: processes, at least 1.
    """

    no_new_privs: bool
    seccomp: int
    filters: int
    capabilities: int
    user: int
    apart: tuple[str, ...] = ()
    count: int = 1

    @property
    def held(self) -> bool:
        """Whether a filter was in force, with no capability and no way to gain one."""
        return self.no_new_privs and self.seccomp == 2 and self.filters >= 1 and not self.capabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the preflight behind an attempt had shown.

    Attributes:
        at: aware UTC, when it was run.
        battery: digest of the attacks' own code.
        tried: attacks; each is in one of `landed_outside` (works without the cage) and `not_provable`.
        landed_inside: attacks that worked in the cage; `unclear`: those that showed nothing inside.
    """

    at: datetime
    battery: str
    tried: int
    landed_outside: int
    landed_inside: int
    not_provable: int
    unclear: int = 0

    @property
    def proven(self) -> int:
        """At least so many were seen to work without the cage and not within."""
        return max(self.landed_outside - self.landed_inside - self.unclear, 0)

    @property
    def words(self) -> str:
        """`0 of 86 landed inside, 71 proven outside, 15 not provable here`."""
        text = f"{self.landed_inside} of {self.tried} landed inside, {self.landed_outside} proven outside"
        text += f", {self.not_provable} not provable here"
        return text + (f", {self.unclear} unclear" if self.unclear else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The attestation behind an attempt that was held from outside.

    Attributes:
        signer: who signed it, in words.
        at, expires: aware UTC; it counts from the one to before the other.
        digest: of the paper's text.
        shown: the preflight that it attests.
    """

    signer: str
    at: datetime
    expires: datetime
    digest: str
    shown: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """One route's requests, as the network door counted them; those of cases that were taken again included.

    Attributes:
        name, kind: of the route; `shadow.doors.network.traffic.UNLISTED` and "" for what met none.
        decisions: decision to requests, as {"forwarded": 3}; none is 0.
        bytes_out, bytes_in: to and from the upstream, heads and bodies.
        violations: of these requests, those that tried what may not even be tried.
    """

    name: str
    kind: str = ""
    decisions: Mapping[str, int] = field(default_factory=dict)
    bytes_out: int = 0
    bytes_in: int = 0
    violations: int = 0

    def __post_init__(self) -> None:
        kept = {word: self.decisions[word] for word in sorted(self.decisions) if self.decisions[word]}
        object.__setattr__(self, "decisions", freeze(kept))

    @property
    def requests(self) -> int:
        """All of them."""
        return sum(self.decisions.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one attempt, or several added up, knows beside its cases' observations.

    Attributes (texts in tuples are sorted, each once):
        isolations: how candidates were held, in the words that every record carries.
        policies, filters: digests of what the cage let through.
        preflights, papers: what was shown before; none where nothing was asked for.
        processes: what the kernel said of each process that ran a candidate's code, alike ones together.
        unseen: processes that were gone before the kernel could be asked about them.
        at_import: what imports were denied.
        nobodys: what was denied to a process of no known case.
        routes: what passed the network door; none where there was none.
        canaries: requests that carried a canary; they did not go out.
        modes: how cases were started, as "forked from one import".
        restarts: how often the process that cases are forked from was lost.
        witnesses: what live systems say themselves of whether this attempt's bindings wrote, one sentence each.
    """

    isolations: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    preflights: tuple[Shown, ...] = ()
    papers: tuple[Paper, ...] = ()
    processes: tuple[Seen, ...] = ()
    unseen: int = 0
    at_import: tuple[Refusal, ...] = ()
    nobodys: tuple[Refusal, ...] = ()
    routes: tuple[Passed, ...] = ()
    canaries: int = 0
    modes: tuple[str, ...] = ()
    restarts: int = 0
    witnesses: tuple[str, ...] = ()

    @property
    def attested(self) -> int:
        """Processes of which the kernel was asked."""
        return sum(one.count for one in self.processes)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; moments as ISO 8601 text."""
        data: dict[str, Any] = plain(asdict(self))
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Account:
        """The account that `to_json` wrote.

        Raises:
            StoreError: it is none, or of another version.
        """
        try:
            return _account(data)
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                "an account of how a candidate was held cannot be read", seen=f"{type(error).__name__}: {error}"[:200],
                todo="read it with the version that wrote it",
            ) from error  # fmt: skip


def plain(value: Any) -> Any:
    """Dataclasses' data as JSON has it: moments as text, tuples as lists."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def add(one: Account, other: Account) -> Account:
    """Both together; the order does not matter, and `Account()` adds nothing."""
    return Account(
        isolations=_once(one.isolations, other.isolations),
        policies=_once(one.policies, other.policies),
        filters=_once(one.filters, other.filters),
        preflights=tuple(sorted({*one.preflights, *other.preflights}, key=repr)),
        papers=tuple(sorted({*one.papers, *other.papers}, key=repr)),
        processes=_alike((*one.processes, *other.processes)),
        unseen=one.unseen + other.unseen,
        at_import=refusals_of((*one.at_import, *other.at_import)),
        nobodys=refusals_of((*one.nobodys, *other.nobodys)),
        routes=_routes((*one.routes, *other.routes)),
        canaries=one.canaries + other.canaries,
        modes=_once(one.modes, other.modes),
        restarts=one.restarts + other.restarts,
        witnesses=_once(one.witnesses, other.witnesses),
    )


def refusals_of(refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    """Equal ones together, with how often each was made under "times"; sorted."""
    times: dict[tuple[str, str, str, str], int] = {}
    for one in refusals:
        key = (one.tool, str(one.args.get("about", "")), one.why, str(one.kind))
        times[key] = times.get(key, 0) + how_often(one)
    return tuple(
        Refusal(
            tool=tool, args={**({"about": about} if about else {}), "times": count}, why=why, kind=RefusalKind(kind)
        )
        for (tool, about, why, kind), count in sorted(times.items())
    )


def how_often(refusal: Refusal) -> int:
    """How often a call was refused that is written down once."""
    found = refusal.args.get("times", 1)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 1


def _once(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*one, *other}))


def _alike(seen: tuple[Seen, ...]) -> tuple[Seen, ...]:
    counts: dict[Seen, int] = {}
    for one in seen:
        key = replace(one, count=1, apart=tuple(sorted(one.apart)))
        counts[key] = counts.get(key, 0) + one.count
    return tuple(sorted((replace(key, count=count) for key, count in counts.items()), key=repr))


def _routes(routes: tuple[Passed, ...]) -> tuple[Passed, ...]:
    found: dict[tuple[str, str], list[Passed]] = {}
    for one in routes:
        found.setdefault((one.name, one.kind), []).append(one)
    return tuple(_sum(name, kind, every) for (name, kind), every in sorted(found.items()))


def _sum(name: str, kind: str, every: list[Passed]) -> Passed:
    words = sorted({word for one in every for word in one.decisions})
    return Passed(
        name=name,
        kind=kind,
        decisions={word: sum(one.decisions.get(word, 0) for one in every) for word in words},
        bytes_out=sum(one.bytes_out for one in every),
        bytes_in=sum(one.bytes_in for one in every),
        violations=sum(one.violations for one in every),
    )


def _account(data: Mapping[str, Any]) -> Account:
    made = dict(data)
    for name in ("isolations", "policies", "filters", "modes", "witnesses"):
        made[name] = tuple(str(one) for one in made[name])
    for name in ("at_import", "nobodys"):
        made[name] = tuple(Refusal(**{**one, "kind": RefusalKind(one["kind"])}) for one in made[name])
    made["preflights"] = tuple(_shown(one) for one in made["preflights"])
    made["papers"] = tuple(_paper(one) for one in made["papers"])
    made["processes"] = tuple(Seen(**{**one, "apart": tuple(one["apart"])}) for one in made["processes"])
    made["routes"] = tuple(Passed(**one) for one in made["routes"])
    if {one.name for one in fields(Account)} != made.keys():
        raise ValueError(f"its parts are {', '.join(sorted(made))}")
    return Account(**made)


def _shown(data: Mapping[str, Any]) -> Shown:
    return Shown(**{**data, "at": datetime.fromisoformat(data["at"])})


def _paper(data: Mapping[str, Any]) -> Paper:
    moments = {name: datetime.fromisoformat(data[name]) for name in ("at", "expires")}
    return Paper(**{**data, **moments, "shown": _shown(data["shown"])})

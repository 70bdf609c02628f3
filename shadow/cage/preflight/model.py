"""What an attack is, what one attempt showed, and what the whole battery says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shadow.cage.preflight.bench import Bench

LEAST_PROVEN = 60  # with fewer attacks shown to work outside, that none works inside says too little


class Seen(StrEnum):
    """What one attempt was seen to do, judged by its target from outside."""

    LANDED = "landed"
    NOTHING = "no effect"
    UNCLEAR = "unclear"  # it did not run to its end, or could not be judged: proves nothing
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a judge may look at while the attempting process is still there.

    Attributes:
        proc: its directory under /proc.
        told: what it read, if that was to be read; it counts only where it equals a secret of the target.
        before: what the scene's `known` said of it before its attempt.
    """

    proc: Path
    told: bytes
    before: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One attack with its target in place.

    Attributes:
        attempt: done in a process of its own.
        landed: done outside, on the target.
        before: done in that process before it is caged, as a parent might.
        known: what is to be known of that process before its attempt; given its directory under /proc.
        until_exit: the attempt ends with its process (it becomes another program).
        late_s: seconds for which the target is watched after the attempt's process was killed; None: it is
            judged while the process is there.
        orphan: the attempting process gets a parent of its own, whose end must be its end.
    """

    attempt: Callable[[], object]
    landed: Callable[[Look], bool]
    before: Callable[[], object] | None = None
    known: Callable[[Path], object] | None = None
    until_exit: bool = False
    late_s: float | None = None
    orphan: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One entry of the battery: a name, a group, and what builds its scene on a bench."""

    name: str
    group: str
    stage: Callable[[Bench], Scene]
    left_out: Callable[[], str] | None = None

    def why_left_out(self) -> str:
        """Why it may not be tried here; empty where it may."""
        return self.left_out() if self.left_out is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One attack, tried twice.

    Attributes:
        outside, inside: what was seen.
        reason: why it proves nothing here, or what is wrong; empty where it landed outside and not inside.
        how: how the inside attempt ended, as the attempting process says it; for reading only.
    """

    name: str
    group: str
    outside: Seen
    inside: Seen
    reason: str = ""
    how: str = ""

    @property
    def proven(self) -> bool:
        """It works without the cage and not with it."""
        return self.outside is Seen.LANDED and self.inside is Seen.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the battery showed: one row an attack.

    Attributes:
        seconds: how long it took.
        user: the effective user id that it ran as.
    """

    rows: tuple[Row, ...]
    seconds: float
    user: int

    @property
    def inside(self) -> tuple[Row, ...]:
        """The attacks that landed in the cage; any is one too many."""
        return tuple(row for row in self.rows if row.inside is Seen.LANDED)

    @property
    def outside(self) -> tuple[Row, ...]:
        """The attacks that landed without the cage."""
        return tuple(row for row in self.rows if row.outside is Seen.LANDED)

    @property
    def unclear(self) -> tuple[Row, ...]:
        """Attacks that work outside and whose inside attempt proves nothing."""
        return tuple(row for row in self.outside if row.inside not in (Seen.LANDED, Seen.NOTHING))

    @property
    def not_provable(self) -> tuple[Row, ...]:
        """Attacks that do not work on this machine without the cage either, each with its reason."""
        return tuple(row for row in self.rows if row.outside is not Seen.LANDED)

    @property
    def proven(self) -> tuple[Row, ...]:
        """Attacks that work without the cage and not with it."""
        return tuple(row for row in self.rows if row.proven)

    @property
    def ok(self) -> bool:
        """Nothing landed inside, nothing is unclear, and enough was shown to work outside."""
        return not self.inside and not self.unclear and len(self.proven) >= LEAST_PROVEN

    @property
    def words(self) -> str:
        """`0 of 112 landed inside, 98 proven outside, 14 not provable here`."""
        text = f"{len(self.inside)} of {len(self.rows)} landed inside, {len(self.outside)} proven outside"
        text += f", {len(self.not_provable)} not provable here"
        return text + (f", {len(self.unclear)} unclear" if self.unclear else "")

    def to_json(self) -> dict[str, Any]:
        """Plain data; `from_json` reads it back."""
        rows = [{**asdict(row), "outside": row.outside.value, "inside": row.inside.value} for row in self.rows]
        return {"words": self.words, "ok": self.ok, "seconds": self.seconds, "user": self.user, "rows": rows}


def from_json(data: Any) -> Result:
    """A result out of `Result.to_json`'s data; what it says of itself (`ok`, `words`) is worked out anew.

    Raises:
        ValueError, KeyError, TypeError: it is not such data.
    """
    rows = tuple(
        Row(
            name=str(one["name"]),
            group=str(one["group"]),
            outside=Seen(one["outside"]),
            inside=Seen(one["inside"]),
            reason=str(one["reason"]),
            how=str(one["how"]),
        )
        for one in data["rows"]
    )
    return Result(rows=rows, seconds=float(data["seconds"]), user=int(data["user"]))


@dataclass(slots=True, eq=False)
class Group:
    """The attacks of one file, in the order in which they are written there."""

    name: str
    attacks: list[Attack] = field(default_factory=list)

    def attack(
        self, name: str, *, left_out: Callable[[], str] | None = None
    ) -> Callable[[Callable[[Bench], Scene]], Callable[[Bench], Scene]]:
        """Register what builds an attack's scene.

        Example:
            >>> group = Group("files")
            >>> @group.attack("create a file")
            ... def create(bench):
            ...     path = bench.room / "new"
            ...     return Scene(attempt=path.touch, landed=lambda _: path.exists())
        """

        def register(stage: Callable[[Bench], Scene]) -> Callable[[Bench], Scene]:
            self.attacks.append(Attack(name=name, group=self.name, stage=stage, left_out=left_out))
            return stage

        return register


def each(groups: Sequence[Group]) -> tuple[Attack, ...]:
    """All attacks of these groups.

    Raises:
        ValueError: a name is taken twice.
    """
    attacks = tuple(attack for group in groups for attack in group.attacks)
    if len({attack.name for attack in attacks}) != len(attacks):
        raise ValueError("two attacks have one name")
    return attacks

"""The battery has teeth: what leaks is seen, what does nothing is not accused, and what failed to run proves nothing.

The cages here are doubles; the kernel's own cage is tried in test_held.py.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shadow.cage.preflight import bench as benches
from shadow.cage.preflight.battery import ATTACKS, battery
from shadow.cage.preflight.bench import Bench
from shadow.cage.preflight.model import LEAST_PROVEN, Attack, Group, Result, Row, Scene, Seen, each, from_json
from shadow.cage.preflight.trial import try_it
from shadow.errors import ContainmentUnavailable

BY_PATH = {
    *("unix stream socket by path", "unix seqpacket socket by path", "unix datagram by connect"),
    *("unix datagram by sendto", "unix datagram from one of a pair", "unix datagram from one of a pair by sendmsg"),
    *("hand a descriptor to another process", "listen on a unix path"),
}


def nothing(_: Path) -> None:
    """A cage that blocks nothing."""


def one(attempt: Callable[[Bench], object], landed: Callable[[Bench], bool]) -> Attack:
    """An attack of the test's own."""
    group = Group("trial")
    group.attack("trial")(
        lambda bench: Scene(attempt=lambda: attempt(bench), landed=lambda _: landed(bench)),
    )
    return group.attacks[0]


def touch(bench: Bench) -> None:
    """Make a file."""
    (bench.room / "made").touch()


def made(bench: Bench) -> bool:
    """Whether it is there."""
    return (bench.room / "made").exists()


@pytest.fixture(scope="module")
def bare() -> Result:
    """The whole battery against a cage that blocks nothing."""
    return battery(nothing)


def test_a_cage_that_blocks_nothing_shows_every_attack(bare: Result) -> None:
    """Whatever lands outside lands inside too, is named, and nothing counts as proven."""
    assert {row.name for row in bare.inside} == {row.name for row in bare.outside}
    assert len(bare.outside) >= LEAST_PROVEN and not bare.proven
    assert not bare.ok
    assert all(row.reason == "it works in the cage" for row in bare.inside)


def test_what_is_not_provable_has_its_reason(bare: Result) -> None:
    """No attack is left out in silence."""
    assert len(bare.outside) + len(bare.not_provable) == len(bare.rows) == len(ATTACKS)
    assert all(row.reason for row in bare.not_provable)


def test_an_attempt_that_does_nothing_is_not_accused(tmp_path: Path) -> None:
    """Each judge says "landed" for an effect only, not for a process that merely was there."""

    def idle(attack: Attack) -> Attack:
        return replace(attack, stage=lambda bench: replace(attack.stage(bench), attempt=lambda: None))

    found = battery(nothing, within=tmp_path, attacks=[idle(attack) for attack in ATTACKS])
    assert [row.name for row in found.outside] == []
    assert list(tmp_path.iterdir()) == []


def test_a_cage_that_holds_one_thing_is_credited_with_that_alone() -> None:
    """A limit on addresses holds "memory without end", and the file is still written."""

    def limited(_: Path) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33))

    chosen = [attack for attack in ATTACKS if attack.name in ("memory without end", "create a file")]
    found = {row.name: row for row in battery(limited, attacks=chosen).rows}
    assert found["memory without end"].proven
    assert found["create a file"].inside is Seen.LANDED


def aimed(room: Path) -> bool:
    """Whether an attack has its targets there: the battery first enters the cage once without any."""
    return any(room.iterdir())


def fails(_: Path) -> None:
    """A cage that cannot be entered."""
    raise OSError(1, "no such cage here")


ENDS = {
    "fails": fails,
    "exits": lambda _: os._exit(0),
    "is killed": lambda _: os.kill(os.getpid(), signal.SIGKILL),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=list(ENDS))
def test_a_cage_that_cannot_be_entered_is_no_cage(end: Callable[[Path], object]) -> None:
    """Then there is no result at all."""
    with pytest.raises(ContainmentUnavailable, match="cannot be entered"):
        battery(end, attacks=[one(touch, made)])


@pytest.mark.parametrize("end", ENDS.values(), ids=list(ENDS))
def test_a_process_that_ends_before_its_attempt_proves_nothing(end: Callable[[Path], object]) -> None:
    """An attempt that was never made has no effect, and that is no credit to the cage."""
    found = battery(lambda room: end(room) if aimed(room) else None, attacks=[one(touch, made)])
    assert found.rows[0].inside is Seen.UNCLEAR and found.rows[0].reason and not found.ok


def test_an_attempt_that_breaks_proves_nothing() -> None:
    """A fault of the attack's own code is not a refusal by the kernel: only an OSError is."""
    caged: list[bool] = []

    def attempt(bench: Bench) -> None:
        if caged:
            raise ValueError("a fault of ours")
        touch(bench)

    found = battery(lambda _: caged.append(True), attacks=[one(attempt, made)])
    assert found.rows[0].inside is Seen.UNCLEAR and "a fault of ours" in found.rows[0].reason


def test_a_refusal_by_the_kernel_counts() -> None:
    """The same, where it is an OSError: no effect, and how it ended is said."""
    caged: list[bool] = []

    def attempt(bench: Bench) -> None:
        if caged:
            raise PermissionError(1, "Operation not permitted")
        touch(bench)

    found = battery(lambda _: caged.append(True), attacks=[one(attempt, made)])
    assert found.rows[0].proven and found.rows[0].how == "refused: Operation not permitted"


def test_a_judge_that_cannot_look_proves_nothing() -> None:
    """Where the target cannot be looked at any more, nobody says that it is untouched."""
    looks: list[bool] = []

    def landed(_: Bench) -> bool:
        looks.append(True)
        if len(looks) > 1:
            raise PermissionError(13, "Permission denied")
        return True

    found = battery(nothing, attacks=[one(touch, landed)])
    assert found.rows[0].inside is Seen.UNCLEAR and found.rows[0].reason.startswith("not to be judged")


def test_what_the_attempt_says_of_itself_does_not_count() -> None:
    """It may tell whatever it likes: only its target is looked at."""

    def lies(bench: Bench) -> None:
        bench.page.how, bench.page.told = "landed", b"I have done it"

    found = battery(nothing, attacks=[one(lies, made)])
    assert found.rows[0].outside is Seen.NOTHING and not found.outside


def test_an_attempt_that_takes_too_long_proves_nothing(tmp_path: Path) -> None:
    """It may have been about to land."""
    with Bench(tmp_path) as bench:
        scene = Scene(attempt=benches.rest, landed=lambda _: False)
        assert try_it(scene, bench.page, None, attempt_s=0.05).seen is Seen.UNCLEAR


@pytest.mark.slow
def test_a_cage_that_does_not_answer_is_given_up() -> None:
    """Three attempts that hang inside are enough: the battery does not wait for all of them."""

    def hangs(room: Path) -> None:
        if aimed(room):
            benches.rest()

    def attack(number: int) -> Attack:
        return replace(one(touch, made), name=f"trial {number}")

    with pytest.raises(ContainmentUnavailable, match="do not end in the cage"):
        battery(hangs, attacks=[attack(number) for number in range(20)])


def test_what_works_only_in_the_cage_is_seen() -> None:
    """An attack that fails outside is tried inside all the same: there it may not land either."""
    caged: list[bool] = []

    def attempt(bench: Bench) -> None:
        if caged:
            touch(bench)

    found = battery(lambda _: caged.append(True), attacks=[one(attempt, made)])
    assert [row.name for row in found.inside] == ["trial"] and not found.ok


def test_a_target_that_cannot_be_made_is_said() -> None:
    """Then the attack proves nothing here, and the battery goes on."""

    def stage(_: Bench) -> Scene:
        raise OSError(95, "not supported")

    found = battery(nothing, attacks=[Attack(name="x", group="y", stage=stage), one(touch, made)])
    assert [row.outside for row in found.rows] == [Seen.NOT_TRIED, Seen.LANDED]


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """No file, segment, queue or process remains, though every attack has landed."""
    kinds = ("shm", "msg", "sem")
    before = [Path(f"/proc/sysvipc/{kind}").read_text(encoding="utf-8").count("\n") for kind in kinds]
    battery(nothing, within=tmp_path)
    after = [Path(f"/proc/sysvipc/{kind}").read_text(encoding="utf-8").count("\n") for kind in kinds]
    assert before == after and list(tmp_path.iterdir()) == []
    assert not [
        path for where in ("/dev/shm", "/tmp", "/var/tmp") for path in Path(where).glob("shadow-preflight-aim*")
    ]
    assert benches.below(benches.proc_number()) == {}


def row(outside: Seen, inside: Seen) -> Row:
    """A row of the test's own."""
    return Row(name="a", group="b", outside=outside, inside=inside)


def test_few_proofs_are_not_enough() -> None:
    """That none landed says nothing where hardly any was shown to work: at least 60 must be."""
    proof = row(Seen.LANDED, Seen.NOTHING)
    assert Result(rows=(proof,) * LEAST_PROVEN, seconds=1, user=0).ok
    assert not Result(rows=(proof,) * (LEAST_PROVEN - 1), seconds=1, user=0).ok
    assert not Result(rows=(), seconds=1, user=0).ok


@pytest.mark.parametrize(
    "bad", [row(Seen.LANDED, Seen.LANDED), row(Seen.NOTHING, Seen.LANDED), row(Seen.LANDED, Seen.UNCLEAR)]
)
def test_one_bad_row_is_enough(bad: Row) -> None:
    """One attack that lands inside, or of which it is not known, spoils the whole result."""
    assert not Result(rows=(row(Seen.LANDED, Seen.NOTHING),) * 100 + (bad,), seconds=1, user=0).ok


def test_a_result_comes_back_from_json(bare: Result) -> None:
    """As it was; and what the data say of themselves is not believed."""
    assert from_json(bare.to_json()) == bare
    assert not from_json({**bare.to_json(), "ok": True}).ok


def test_words() -> None:
    """One line for a certificate."""
    rows = (row(Seen.LANDED, Seen.NOTHING), row(Seen.NOTHING, Seen.NOT_TRIED), row(Seen.LANDED, Seen.UNCLEAR))
    found = Result(rows=rows, seconds=1, user=0)
    assert found.words == "0 of 3 landed inside, 2 proven outside, 1 not provable here, 1 unclear"


def test_names_are_taken_once() -> None:
    """A row is found again by its name."""
    with pytest.raises(ValueError, match="one name"):
        each([Group("a", [one(touch, made)]), Group("b", [one(touch, made)])])


def test_the_battery_is_large() -> None:
    """At least 80 attempts, in every group of the list."""
    assert len(ATTACKS) >= 80
    assert len({attack.group for attack in ATTACKS}) >= 10


def test_a_long_path_hides_no_attack(tmp_path: Path) -> None:
    """A socket's name has 107 bytes, and rooms lie deeper than that: `names.named`."""
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    by_path = [attack for attack in ATTACKS if attack.name in BY_PATH]
    found = battery(nothing, within=deep, attacks=by_path)
    assert {row.name for row in found.outside} == BY_PATH

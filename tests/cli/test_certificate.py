"""`shadow certificate`: what it prints of each standing, and the exit code that says which it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from shadow.certificate.certificate import Certificate, Standing
from shadow.certificate.model import Account
from shadow.cli import main
from shadow.cli.certificate import CODES
from shadow.observation import Observation, RefusalKind
from shadow.steps.certifying import certify
from shadow.store import Store, open_store
from shadow.store.accounts import begin_account, note_account
from shadow.store.certificates import ended_runs
from shadow.store.registry import find_experiment, run
from shadow.store.tables import accounts, certificates, observations
from tests.certificate.desk import COOPERATIVE, KERNEL, account, refund, seen, tried
from tests.store import desk as rows

Out = tuple[int, str, str]


@pytest.fixture
def store(home: Path) -> Store:
    """The copied store."""
    return open_store(f"sqlite:///{home / 'store.db'}")


@pytest.fixture
def shadow(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Out]:
    """`shadow("desk")`: exit code, stdout, stderr."""

    def call(*words: str) -> Out:
        code = main(["certificate", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def retold(store: Store, of: Account | None = None, how: Observation | None = None, *, closed: bool = True) -> str:
    """The newest run of v2 as if this attempt had made it; its id."""
    key = ended_runs(store, find_experiment(store, "desk").id)[-1]
    told = of or account()
    with store.write() as connection:
        connection.execute(delete(accounts).where(accounts.c.run == key))
        body = (how or seen(effects=(refund(),))).to_json()
        mine = observations.c.run == key
        connection.execute(update(observations).where(mine).values(isolation=told.isolations[0], body=body))
    mine_now = rows.shard(store, run(store, key))
    number = begin_account(store, mine_now, told, rows.at(3))
    if closed:
        note_account(store, mine_now, number, told, rows.at(3), closed=True)
    return key


def test_held(shadow: Any, store: Store) -> None:
    """Exit code 0, the headline, what it rests on, what it does not cover, and the digest."""
    key = retold(store)
    code, out, err = shadow("desk")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"desk v2, run {key}, arrivals 2026-11-02 to 2026-11-03"
    assert lines[1] == (
        "HELD: 2 effects held, 0 committed; enforced by the kernel; "
        "preflight: 0 of 86 landed inside, 71 proven outside, 15 not provable here."
    )
    assert f"isolation: {KERNEL}" in lines
    for part in ("preflight:", "processes:", "policy:", "filter:", "routes:", "the live systems say:", "not covered:"):
        assert part in lines
    assert "it was not told yet: the run's report step keeps it" in lines


@pytest.mark.parametrize(
    ("of", "how", "closed", "standing"),
    [
        (None, seen(tried()), True, Standing.VIOLATED),
        (account(at_import=(tried("openat", "/tmp/x"),)), None, True, Standing.VIOLATED),
        (account(isolations=(COOPERATIVE,)), None, True, Standing.NOT_ENFORCED),
        (account(preflights=()), None, True, Standing.UNKNOWN),
        (None, None, False, Standing.UNKNOWN),
        (None, seen(tried("socket", kind=RefusalKind.NOISE)), True, Standing.HELD),
    ],
)
def test_the_exit_code_says_which_it_is(
    shadow: Any, store: Store, of: Account | None, how: Observation | None, closed: bool, standing: Standing
) -> None:
    """0 held and nothing tried, 1 a try or a leak, 3 where something is not known."""
    retold(store, of, how, closed=closed)
    code, out, _ = shadow("desk")
    assert code == CODES[standing]
    assert out.splitlines()[1].startswith(str(standing).upper())
    assert ("tried to get past its doors with:" in out) == (standing is Standing.VIOLATED)


def test_every_standing_has_its_code() -> None:
    """Only what was held, and what was never run, is 0."""
    assert set(CODES) == set(Standing)
    assert {standing for standing, code in CODES.items() if code == 0} == {Standing.HELD, Standing.IDLE}
    assert CODES[Standing.LEAKED] == CODES[Standing.VIOLATED] == 1


def test_as_data(shadow: Any, store: Store) -> None:
    """All of it, from which the certificate can be read back; and what was told, once it was."""
    key = retold(store)
    _, out, _ = shadow("desk", "--json")
    found = json.loads(out)
    assert (found["standing"], found["told"]) == ("held", None)
    one = Certificate.from_json(found["certificate"])
    assert one.digest == found["digest"] and one.runs == (key,)
    told = certify(store, key, clock=lambda: rows.at(4))
    assert json.loads(shadow("desk", "--json")[1])["told"]["digest"] == told.digest == one.digest


def test_what_was_told_otherwise_is_said(shadow: Any, store: Store) -> None:
    """And what is not what was told any more, is refused: exit code 2, one line."""
    key = retold(store)
    certify(store, key, clock=lambda: rows.at(4))
    assert "told so on 2026-11-05 00:00 UTC" in shadow("desk")[1]
    retold(store, how=seen(tried()))
    assert "another one was told" in shadow("desk")[1]
    with store.write() as connection:
        connection.execute(update(certificates).values(text="{}"))
    code, out, err = shadow("desk")
    assert (code, out) == (2, "")
    assert "changed after it was told" in err and err.count("\n") == 1


def test_a_run_is_named_by_how_it_begins(shadow: Any, store: Store) -> None:
    """Any run of the candidate; one that is not there is refused with those that are."""
    one, other = ended_runs(store, find_experiment(store, "desk").id)
    assert one in shadow("desk", "--run", one[:8])[1]
    assert other in shadow("desk", "--run", other)[1]
    code, out, err = shadow("desk", "--run", "nowhere")
    assert (code, out) == (2, "")
    assert one in err and "no such run" in err


def test_nothing_a_terminal_would_obey(shadow: Any, store: Store) -> None:
    """A candidate chooses what it opens: control characters of a path are made visible."""
    retold(store, account(at_import=(tried("openat", "/tmp/\x1b[2J\n0 committed"),)))
    out = shadow("desk")[1]
    assert "\x1b" not in out and "⟨U+001B⟩" in out
    assert "\n0 committed" not in out

"""Who may log in: drawn once, readable by their owner alone, and never overwritten."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from shadow.adapters.airflow.server.logins import COURIER, introduce, keys, logins
from shadow.errors import UsageError

USERS = {"admin": "admin", "ann": "user", "vic": "viewer"}


def test_each_user_gets_a_password_of_their_own(tmp_path: Path) -> None:
    """Long ones, all different, another for each home; and the courier is there."""
    one, other = (logins(_made(tmp_path / name), USERS) for name in ("one", "other"))
    assert set(one.passwords) == {*USERS, COURIER} and one.roles[COURIER] == "user"
    every = [*one.passwords.values(), *other.passwords.values()]
    assert len(set(every)) == len(every) and min(map(len, every)) >= 16
    assert one.setting == f"admin:admin,ann:user,{COURIER}:user,vic:viewer"
    assert json.loads(one.courier_file.read_text()) == {COURIER: one.passwords[COURIER]}


def test_only_the_owner_reads_them(tmp_path: Path) -> None:
    """No file that lets somebody in is open to other accounts of the machine, nor becomes so later."""
    logins(tmp_path, USERS)
    keys(tmp_path)
    (tmp_path / "passwords.json").chmod(0o644)
    logins(tmp_path, USERS)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 6


def test_what_is_there_stays(tmp_path: Path) -> None:
    """Passwords and keys are drawn once; the users of the file count, not those of a later call."""
    first, secrets = logins(tmp_path, USERS), keys(tmp_path)
    held = (tmp_path / "jwt.key").read_text()
    (tmp_path / "users.json").write_text(json.dumps({"admin": "admin", "bob": "op"}))
    then = logins(tmp_path, USERS)
    assert set(then.roles) == {"admin", "bob", COURIER}
    assert then.passwords["admin"] == first.passwords["admin"]
    assert keys(tmp_path) == secrets and (tmp_path / "jwt.key").read_text() == held
    assert not any(held in command for command in secrets.values())


def test_nothing_tells_the_passwords(tmp_path: Path) -> None:
    """A traceback or a log line that shows the logins shows no password."""
    known = logins(tmp_path, USERS)
    assert not any(password in repr(known) for password in known.passwords.values())


@pytest.mark.parametrize(
    ("users", "said"),
    [
        ({"ann": "boss"}, "viewer, user, op, admin"),
        ({"ann,eve:admin": "viewer"}, "not a name"),  # it would be two users in Airflow's setting
        ({"": "user"}, "not a name"),
    ],
)
def test_wrong_users_are_refused(tmp_path: Path, users: dict[str, str], said: str) -> None:
    """Before Airflow is started, with what is allowed."""
    with pytest.raises(UsageError, match=said):
        logins(tmp_path, users)


@pytest.mark.parametrize("text", ["{", "[]", '{"ann": 1}'])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    """Nobody is let in because a file could not be read."""
    (tmp_path / "users.json").write_text(text)
    with pytest.raises(UsageError, match=r"users\.json"):
        logins(tmp_path, USERS)


def test_people_are_introduced_once(tmp_path: Path) -> None:
    """Each user is a person, but for the courier; a file that somebody wrote is left alone."""
    people = tmp_path / "people.json"
    assert introduce(people, {**USERS, COURIER: "user"})
    assert json.loads(people.read_text()) == {name: [f"airflow:{name}"] for name in USERS}
    people.write_text("mine")
    assert not introduce(people, USERS) and people.read_text() == "mine"


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder

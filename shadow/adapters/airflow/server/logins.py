"""Who may log in, with which role and which password: files of the server's folder, for its owner's eyes alone.

`users.json` (name → role) is written once and then alone says who there is: edit it and start anew. Passwords are
drawn for whoever has none. Nobody is ever let in without one.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shadow.errors import UsageError

ROLES = ("viewer", "user", "op", "admin")
COURIER = "shadow-courier"  # wakes Airflow's tasks that wait for people; decides nothing
DEFAULT: Mapping[str, str] = {"admin": "admin", "vic": "viewer"}
KEYS = {
    "AIRFLOW__API_AUTH__JWT_SECRET": "jwt.key",
    "AIRFLOW__API__SECRET_KEY": "api.key",
    "AIRFLOW__CORE__FERNET_KEY": "fernet.key",
}
BYTES = 12  # of chance in a password: 16 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """Everybody who may log in.

    Attributes:
        roles: name → one of `ROLES`.
        passwords: name → password.
        file: where the passwords are, as JSON.
        courier_file: the courier's password alone, as JSON too.
    """

    roles: Mapping[str, str]
    passwords: Mapping[str, str] = field(repr=False)
    file: Path
    courier_file: Path

    @property
    def setting(self) -> str:
        """As Airflow's setting has it: `admin:admin,vic:viewer`."""
        return ",".join(f"{name}:{role}" for name, role in sorted(self.roles.items()))


def logins(folder: Path, users: Mapping[str, str] = DEFAULT) -> Logins:
    """The folder's logins; what is missing is written: users, passwords, each file readable by its owner alone.

    Args:
        users: name → role, where the folder has no `users.json` yet.

    Raises:
        UsageError: a role that Airflow does not know, or a name that it could not tell from a setting.
    """
    roles = {**_read(folder / "users.json", users), COURIER: "user"}
    for name, role in roles.items():
        _check(folder / "users.json", name, role)
    file, courier_file = folder / "passwords.json", folder / "courier.json"
    known = _read(file, {})
    passwords = {name: known.get(name) or secrets.token_urlsafe(BYTES) for name in sorted(roles)}
    _write(folder / "users.json", json.dumps(roles, indent=2, sort_keys=True) + "\n")
    _write(file, json.dumps(passwords, indent=2) + "\n")
    _write(courier_file, json.dumps({COURIER: passwords[COURIER]}) + "\n")
    return Logins(roles=roles, passwords=passwords, file=file, courier_file=courier_file)


def keys(folder: Path) -> dict[str, str]:
    """Airflow's variables that tell where its keys are read, each drawn once for a folder.

    The keys themselves are in no process's environment. Airflow would draw them too, but each part its own.
    """
    return {f"{variable}_CMD": f"cat {shlex.quote(str(_key(folder / file)))}" for variable, file in KEYS.items()}


def _key(file: Path) -> Path:
    if not file.exists():
        _write(file, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    return file.resolve()


def introduce(people: Path, users: Mapping[str, str]) -> bool:
    """Write who these users are as people, where there is no such file yet; the courier is nobody.

    Returns:
        whether it was written: a file that is there is never touched.
    """
    told = {name: [f"airflow:{name}"] for name in sorted(users) if name != COURIER}
    try:
        with people.open("x", encoding="utf-8") as file:
            file.write(json.dumps(told, indent=2) + "\n")
    except FileExistsError:
        return False
    return True


def _read(file: Path, otherwise: Mapping[str, str]) -> dict[str, str]:
    if not file.exists():
        return dict(otherwise)
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _wrong(file, str(error)) from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise _wrong(file, type(found).__name__)
    return found


def _wrong(file: Path, seen: str) -> UsageError:
    return UsageError(
        "not one JSON object of texts", where=str(file), seen=seen, allowed='{"ann": "…"}', todo="mend or remove it"
    )


def _check(file: Path, name: str, role: str) -> None:
    if role not in ROLES:
        raise UsageError("no such role", where=f"{file}: {name}", seen=role, allowed=", ".join(ROLES))
    if not re.fullmatch(r"[\w.@+-]{1,80}", name):
        raise UsageError(
            "not a name that one can log in with",
            where=str(file),
            seen=repr(name)[:100],
            allowed="letters, digits, and . _ @ + -",
        )


def _write(file: Path, text: str) -> None:
    """Whole or not at all, and never readable by others for a moment."""
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    fresh.replace(file)

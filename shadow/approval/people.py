"""Who is who: a person of the company, and the accounts that are theirs.

Approvers are people. A Slack account and an Airflow account of one person are one vote; a display name is nobody.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from shadow.errors import UsageError
from shadow.store.engine import home

FORM = '{"ines.moreau": ["airflow:ines.moreau", "slack:T0123/U0456"], …}'


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The company's people, by account.

    Attributes:
        accounts: person → accounts, each `airflow:<user>` or `slack:<workspace>/<user id>`.
    """

    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def person(self, identity: str) -> str | None:
        """Whose account this is; None where nobody's."""
        return next((person for person, held in self.accounts.items() if identity in held), None)

    def identities(self, person: str) -> tuple[str, ...]:
        """A person's accounts; none where the person is not known."""
        return self.accounts.get(person, ())


def people_file() -> Path:
    """Where the people are written: `SHADOW_PEOPLE`, else `people.json` in the home."""
    return Path(os.environ.get("SHADOW_PEOPLE") or home() / "people.json")


def people(path: Path | None = None) -> People:
    """The people of the file; nobody where there is none, so that nobody can vote.

    Raises:
        UsageError: the file is not what it should be, or one account is given to two people.
    """
    where = path or people_file()
    if not where.exists():
        return People()
    try:
        data = json.loads(where.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError("the people cannot be read", where=str(where), seen=str(error)[:200], allowed=FORM) from error
    if not isinstance(data, dict):
        raise UsageError("people are one JSON object", where=str(where), seen=type(data).__name__, allowed=FORM)
    accounts = {name: _accounts(name, held, where) for name, held in data.items()}
    owners: dict[str, str] = {}
    for name, held in accounts.items():
        for one in held:
            if owners.setdefault(one, name) != name:
                raise UsageError(
                    "one account belongs to two people", where=str(where), seen=f"{one}: {owners[one]}, {name}"
                )
    return People(accounts=MappingProxyType(accounts))


def _accounts(name: str, held: object, where: Path) -> tuple[str, ...]:
    known = isinstance(held, list) and all(
        isinstance(one, str) and one.startswith(("airflow:", "slack:")) for one in held
    )
    if not known or not name.strip() or not isinstance(held, list):
        raise UsageError("not a person's accounts", where=f"{where}: {name[:80]}", seen=repr(held)[:120], allowed=FORM)
    return tuple(held)

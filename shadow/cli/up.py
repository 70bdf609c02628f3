"""`shadow up` and `shadow down`: Airflow on this machine alone, with our DAGs and pages, for people to look at."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from shadow.cli.terminal import say
from shadow.errors import UsageError

HERE = Path(__file__).resolve().parents[2]  # the repository, where this is a clone of it


def up(given: Namespace) -> int:
    """Start Airflow for a home and say in one line where it is and how to log in; one that is up stays as it is."""
    from shadow.adapters.airflow.server import up as start
    from shadow.adapters.airflow.server.logins import DEFAULT
    from shadow.cli.demo import desk_of, people_of_the_desk

    home = _home(given.home)
    desk = desk_of(home)
    server, fresh = start(
        home,
        _folder(given.dags, "dags"),
        _folder(given.plugins, "plugins"),
        port=_port(given.port),
        users={**DEFAULT, **(people_of_the_desk() if desk else {})},
        variables=desk,
        parts=_beside(),
    )
    others = ", ".join(name for name in server.passwords if name != "admin")
    admin = f"as admin with {server.passwords['admin']}; " if "admin" in server.passwords else ""
    say(
        f"{'Airflow is up' if fresh else 'Airflow was up already, nothing was changed'}: {server.url} — log in {admin}"
        f"the passwords of {others} are in {server.folder / 'passwords.json'}; {_ending(home)} ends it"
    )
    return 0


def down(given: Namespace) -> int:
    """End a home's Airflow with everything that it started."""
    from shadow.adapters.airflow.server import down as end

    home = _home(given.home)
    say(f"Airflow of {home} is down" if end(home) else f"no Airflow of {home} was up")
    return 0


def _home(given: str | None) -> Path:
    return Path(given or os.environ.get("SHADOW_HOME", ".shadow")).resolve()


def _ending(home: Path) -> str:
    return "shadow down" if home == _home(None) else f"shadow down --home {home}"


def _folder(given: str | None, name: str) -> Path:
    """The folder that was named, else the one here, else the clone's."""
    places = [Path(given)] if given else [Path(name), HERE / name]
    for place in places:
        if place.is_dir():
            return place.resolve()
    raise UsageError(
        "there is no such folder", where=f"--{name}", seen=", ".join(map(str, places)), todo=f"name it with --{name}"
    )


def _port(given: int) -> int:
    if not 0 <= given < 65536:
        raise UsageError("not a port", where="--port", seen=str(given), allowed="1 to 65535; 0 for one that is free")
    return given


def _beside() -> dict[str, Sequence[str]]:
    """What runs beside Airflow: the listener that posts what is to be said and wakes tasks that wait for people."""
    from shadow.cli.table import COMMANDS

    run = "import sys; from shadow.cli import main; sys.exit(main())"
    known = {command.words for command in COMMANDS}
    return {"slack": [sys.executable, "-c", run, "slack", "listen"]} if "slack listen" in known else {}

"""Starting and ending a home's server: up once, down whole, or for the length of a `with` block."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict, Unpack

import psutil  # type: ignore[import-untyped]

from shadow.adapters.airflow.home import alone
from shadow.adapters.airflow.server.client import Server, Session, until
from shadow.adapters.airflow.server.keeper import FAILED
from shadow.adapters.airflow.server.logins import DEFAULT, introduce, logins
from shadow.adapters.airflow.server.processes import KEY, clear, keeper_of
from shadow.adapters.airflow.server.settings import free_port, inherited, settings
from shadow.errors import ShadowError, UsageError

STARTS_WITHIN_S = 120.0  # seconds until it must be healthy; a loaded machine takes many times what an idle one does
ENDS_WITHIN_S = 15.0  # seconds that the keeper has to end its parts before they are killed
TAIL = 12  # lines at the end of a log that an error shows
AIRFLOW = (sys.executable, "-m", "airflow")
PARTS: Mapping[str, Sequence[str]] = {
    "scheduler": (*AIRFLOW, "scheduler", "--skip-serve-logs"),  # a log server would listen on every address
    "dag-processor": (*AIRFLOW, "dag-processor"),
    "api-server": (*AIRFLOW, "api-server"),
}


class More(TypedDict, total=False):
    """What else a server takes.

    Attributes:
        users: name → role (viewer, user, op, admin), where the home has no `users.json` yet; admin and vic.
        variables: environment for every part and task, laid over this process's own.
        parts: name → command of programs that run beside Airflow's and are started again when they end.
    """

    users: Mapping[str, str]
    variables: Mapping[str, str]
    parts: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    home: Path
    dags: Path
    plugins: Path | None
    port: int
    more: More

    @property
    def folder(self) -> Path:
        return folder_of(self.home)


def folder_of(home: Path) -> Path:
    """Where a home's server has its files: database, logs, passwords."""
    return home.resolve() / "airflow" / "server"


def up(
    home: Path, dags: Path, plugins: Path | None = None, *, port: int = 0, **more: Unpack[More]
) -> tuple[Server, bool]:
    """The server of this home, healthy; and whether this call has started it.

    One that is up is left as it is. What an earlier one left behind is ended first. Of two calls at once the second
    waits for the first.

    Raises:
        UsageError: a folder is not there, or the port is taken.
        ShadowError: a part does not start; shows the end of its log.
    """
    plan = _Plan(home=home.resolve(), dags=dags, plugins=plugins, port=port, more=more)
    with alone(_made(plan.folder) / "up.lock"):
        found = found_up(home)
        return (found, False) if found else (_start(plan, lifeline=-1), True)


def down(home: Path) -> bool:
    """End this home's server and everything that it started; whether there was anything to end.

    What belongs to it is known by the mark that each process carries: it does not matter what became of the keeper,
    nor who has its process id now.

    Raises:
        ShadowError: some processes cannot be ended from here.
    """
    folder = folder_of(home)
    keeper = _keeper(folder)
    if keeper is not None:
        keeper.terminate()
        psutil.wait_procs([keeper], timeout=ENDS_WITHIN_S)
    left = clear(folder)
    (folder / "running.json").unlink(missing_ok=True)
    return keeper is not None or left > 0


@contextmanager
def serving(
    home: Path, dags: Path, plugins: Path | None = None, *, port: int = 0, **more: Unpack[More]
) -> Iterator[Server]:
    """An Airflow of the caller's own; it ends with the block, and with the caller, however that ends.

    Args:
        home: as `SHADOW_HOME`: made when it is missing, used again when it is not.
        dags: the folder with DAG files.
        plugins: the folder with plugin files; none by default.
        port: 0: one that is free.
        **more: see `More`.

    Raises:
        UsageError: a server of this home is up, a folder is not there, or the port is taken.
        ShadowError: a part does not start.

    Example:
        >>> with serving(home, Path("dags")) as server:
        ...     server.session("admin").get("/api/v2/dags")["total_entries"]
        1
    """
    plan = _Plan(home=home.resolve(), dags=dags, plugins=plugins, port=port, more=more)
    held, holder = os.pipe()
    try:
        with alone(_made(plan.folder) / "up.lock"):
            if found_up(home):
                raise UsageError("a server of this home is up", where=str(home), todo="shadow down, or another home")
            server = _start(plan, lifeline=held)
        try:
            yield server
        finally:
            down(home)
    finally:
        os.close(holder)
        os.close(held)


def found_up(home: Path) -> Server | None:
    """The server of this home, where its keeper lives; what it was told is left as it is."""
    folder = folder_of(home)
    if _keeper(folder) is None:
        return None
    return Server(url=_note(folder)["url"], folder=folder, passwords=logins(folder).passwords)


def _start(plan: _Plan, *, lifeline: int) -> Server:
    for option, place in (("--dags", plan.dags), ("--plugins", plan.plugins)):
        if place is not None and not place.is_dir():
            raise UsageError("there is no such folder", where=option, seen=str(place), todo=f"name it with {option}")
    clear(plan.folder)
    port = free_port(plan.port)
    known = logins(plan.folder, plan.more.get("users", DEFAULT))
    people = plan.home / "people.json"
    introduce(people, known.roles)
    told = {
        **settings(plan.folder, dags=plan.dags, plugins=plan.plugins, port=port, known=known),
        "SHADOW_HOME": str(plan.home),
        "SHADOW_PEOPLE": str(people),
        **plan.more.get("variables", {}),
    }
    server = Server(url=told["SHADOW_AIRFLOW_URL"], folder=plan.folder, passwords=known.passwords)
    began = datetime.now(UTC)
    try:
        keeper = _spawn(plan, inherited(plan.folder, told), server.url, lifeline)
        until(lambda: _healthy(server, keeper, began), within_s=STARTS_WITHIN_S, what=f"Airflow on {server.url}")
    except BaseException:
        down(plan.home)
        raise
    return server


def _spawn(plan: _Plan, environ: Mapping[str, str], url: str, lifeline: int) -> subprocess.Popen[bytes]:
    """The keeper, in a session of its own; what it says goes to a file."""
    key = secrets.token_hex(16)
    parts: list[dict[str, Any]] = [{"name": name, "command": command} for name, command in PARTS.items()]
    parts += [
        {"name": name, "command": command, "needed": False} for name, command in plan.more.get("parts", {}).items()
    ]
    first = [sys.executable, "-m", "shadow.adapters.airflow.home", str(plan.folder), str(plan.dags.resolve())]
    module = "shadow.adapters.airflow.server.keeper"
    (plan.folder / FAILED).unlink(missing_ok=True)
    with (plan.folder / "keeper.log").open("ab") as out:
        keeper = subprocess.Popen(
            [
                sys.executable,
                "-m",
                module,
                str(plan.folder),
                str(lifeline),
                json.dumps({"first": first, "parts": parts}),
            ],
            env={**environ, KEY: key},
            cwd=plan.folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            pass_fds=[lifeline] if lifeline >= 0 else [],
            start_new_session=True,
        )
    (plan.folder / "running.json").write_text(json.dumps({"pid": keeper.pid, "key": key, "url": url}), encoding="utf-8")
    return keeper


def _healthy(server: Server, keeper: subprocess.Popen[bytes], began: datetime) -> bool:
    """Whether each part works and has said so since `began`: a killed scheduler looks alive for half a minute."""
    if keeper.poll() is not None:
        raise ShadowError("Airflow did not start", where=server.url, seen=_last_words(server.folder))
    try:
        told = Session(url=server.url).ask("GET", "/api/v2/monitor/health")
    except OSError:
        return False  # nobody answers yet
    if told.status != 200 or not isinstance(told.body, dict):
        return False
    beats = [told.body.get(part, {}).get(f"latest_{part}_heartbeat") for part in ("scheduler", "dag_processor")]
    states = [told.body.get(part, {}).get("status") for part in ("metadatabase", "scheduler", "dag_processor")]
    return set(states) == {"healthy"} and all(beat and datetime.fromisoformat(beat) >= began for beat in beats)


def _last_words(folder: Path) -> str:
    """The end of the log of the part that failed; of the keeper's own where none is named."""
    named = folder / FAILED
    part = named.read_text(encoding="utf-8") if named.exists() else ""
    log = folder / "parts" / f"{part}.log" if part else folder / "keeper.log"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return f"{log}: " + ("\n".join(lines[-TAIL:]) or "nothing was written")


def _keeper(folder: Path) -> Any:
    note = _note(folder)
    return keeper_of(folder, pid=note["pid"], key=note["key"]) if note else None


def _note(folder: Path) -> dict[str, Any]:
    """What was written down when a server was started here; nothing where it cannot be read."""
    try:
        found = json.loads((folder / "running.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    fits = isinstance(found, dict) and isinstance(found.get("pid"), int) and isinstance(found.get("key"), str)
    return found if fits else {}


def _made(folder: Path) -> Path:
    """The folder, for its owner alone: Airflow keeps its secrets in it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder

"""`shadow slack listen|doctor|status|manifest`: Slack set up, looked after and listened to, outside of Airflow."""

from __future__ import annotations

import importlib.util
import json
import logging
import signal
import sys
from argparse import Namespace
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shadow.cli.terminal import complain, say
from shadow.errors import UsageError

if TYPE_CHECKING:
    from shadow.adapters.slack.beats import Beat
    from shadow.adapters.slack.doctor import Check
    from shadow.approval import People

_INSTALL = "pip install 'shadow-harness[slack]'"


def listen(given: Namespace) -> int:
    """Post what waits, hear clicks over Socket Mode, wake Airflow; until SIGTERM (0) or Ctrl-C (130)."""
    _needs_sdk()
    from shadow.adapters.airflow.waking import waker_from_env
    from shadow.adapters.slack.client import from_environment
    from shadow.adapters.slack.listening import Listener, run
    from shadow.store import home, open_store

    connection, wake = from_environment(given.connection), waker_from_env()
    _log_to_stderr()
    listener = Listener(store=open_store(given.store), connection=connection, home=home(), clock=_now, wake=wake)
    ended: list[int] = []

    def end(number: int, _: Any) -> None:
        ended.append(number)
        listener.stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    complain(f"shadow slack: listening; the store is {listener.store.engine.url.render_as_string(hide_password=True)}")
    if wake is None:
        complain("shadow slack: SHADOW_AIRFLOW_URL is not set, so no task of Airflow's is woken from here")
    well = run(listener)
    complain("shadow slack: ended; what was not posted waits in the outbox")
    if not well:
        return 1
    return 130 if signal.SIGINT in ended else 0


def doctor(given: Namespace) -> int:
    """Say what is there, what is missing and what to do; exit code 1 where something is missing."""
    _needs_sdk()
    from shadow.adapters.slack.client import from_environment
    from shadow.adapters.slack.doctor import Check, State, examine
    from shadow.store import open_store
    from shadow.store.engine import exists

    checks: list[Check] = []
    known: People | None = None
    try:
        known = _people()
    except UsageError as error:
        checks.append(Check(name="people", state=State.MISSING, said=str(error), todo="correct the file"))
    store = open_store(given.store) if exists(given.store) else None
    if store is None:
        checks.append(Check(name="store", state=State.UNKNOWN, said="there is none yet, so no contract is looked at"))
    checks += examine(from_environment(given.connection), now=_now(), store=store, people=known)
    if given.json:
        say(json.dumps([asdict(check) for check in checks], indent=2, ensure_ascii=False))
    else:
        say("\n".join(_line(check) for check in checks))
    return 1 if any(check.state is State.MISSING for check in checks) else 0


def status(given: Namespace) -> int:
    """Who listens, and what waits; exit code 1 where nobody does or what is refused for good lies there."""
    from shadow.adapters.slack.beats import beats
    from shadow.store import home, open_store
    from shadow.store.engine import exists
    from shadow.store.outbox import DEAD, waiting

    now = _now()
    found = beats(home())
    counts = waiting(open_store(given.store)) if exists(given.store) else {}
    well = any(beat.alive(now) and beat.socket != "not connected" for beat in found) and not counts.get(DEAD)
    if given.json:
        listeners = [{**asdict(beat), "alive": beat.alive(now)} for beat in found]
        say(json.dumps({"listeners": listeners, "outbox": counts, "ok": well}, indent=2, default=str))
        return 0 if well else 1
    say("\n".join(_heard(beat, now) for beat in found) or "nobody listens; start one with shadow slack listen")
    said = ", ".join(f"{count:,} {state}" for state, count in sorted(counts.items())) or "nothing was ever queued"
    say(f"outbox: {said}" + ("; see shadow slack doctor and shadow audit show" if counts.get(DEAD) else ""))
    return 0 if well else 1


def manifest(given: Namespace) -> int:
    """Print the app's manifest."""
    from shadow.adapters.slack.manifest import manifest as text

    say(text(name=given.name, url=given.url))
    return 0


def _now() -> datetime:
    return datetime.now(UTC)


def _people() -> People:
    from shadow.approval import people

    return people()


def _line(check: Check) -> str:
    todo = f"\n{'':9}to do: {check.todo}" if check.todo else ""
    return f"{check.state:<8} {check.name}: {check.said}{todo}"


def _heard(beat: Beat, now: datetime) -> str:
    ago = (now - beat.at).total_seconds()
    state = f"Socket Mode {beat.socket}" if beat.alive(now) else f"silent for {ago:,.0f} s: it was killed or hangs"
    why = f" ({beat.why})" if beat.why else ""
    return f"listener {beat.pid} on {beat.host}: {state}{why}; since {beat.started:%Y-%m-%d %H:%M} UTC"


def _needs_sdk() -> None:
    if importlib.util.find_spec("slack_sdk") is None:
        raise UsageError("the Slack SDK is not installed", where="shadow slack", todo=_INSTALL)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours = logging.getLogger("shadow")
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    ours.propagate = False

"""`shadow preflight` and `shadow doctor`: what is enforced on this machine, shown by attacks and said in words."""

from __future__ import annotations

import json
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shadow.cage.policy import Policy
from shadow.cage.preflight.cache import Kept
from shadow.cage.preflight.caged import policy_here
from shadow.cage.preflight.gatekeeper import own_place
from shadow.cage.preflight.model import LEAST_PROVEN, Result, Row, Seen
from shadow.cage.preflight.worker import preflight as shown
from shadow.cage.preflight.worker import preflight_through
from shadow.cli.terminal import complain, progress, say, write
from shadow.errors import ContainmentUnavailable, UsageError
from shadow.replay.isolation import EXTERNAL, chosen
from shadow.reports.safe import visible

_SIGNS = {Seen.LANDED: "landed", Seen.NOTHING: "nothing", Seen.UNCLEAR: "unclear", Seen.NOT_TRIED: "-"}
_NOTHING_RUNS = "no candidate is run here under the kernel's cage"


def preflight(given: Namespace) -> int:
    """Exit code 0 where the cage holds, 1 where an attack landed in it, 3 where too little could be shown.

    Raises:
        ContainmentUnavailable: this machine has no floor for the cage.
    """
    now = datetime.now(UTC)
    found = _through(given, now) if given.launcher else _found(given, policy_here(given.abi), now)
    if given.attest is not None:
        _attest(given.attest, found, now, given.store)
    if given.json:
        data = {"at": found.at.isoformat(), "subject": found.subject, **found.result.to_json()}
        say(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        _table(found.result)
        say()
        say(_line(found, now))
        for name in ("landlock", "launcher", "filter", "policy"):
            if name in found.subject:
                say(f"{name}: {found.subject[name]}")
    return _code(found.result)


def doctor(given: Namespace) -> int:
    """What is enforced here, in words; exit code 0 where a candidate may run under the kernel's cage, else 1."""
    now = datetime.now(UTC)
    if chosen() == EXTERNAL:
        return _doctor_outside(given, now)
    try:
        found = _found(given, policy_here(), now)
    except ContainmentUnavailable as missing:
        if given.json:
            say(json.dumps({"enforced": False, "words": [str(missing), _NOTHING_RUNS]}, indent=2, ensure_ascii=False))
        else:
            complain(visible(f"not enforced: {missing}", lines=False))
            complain(f"{_NOTHING_RUNS}; what runs as cooperative is enforced by nothing and never ready")
        return 1
    words = _words(found, now)
    if given.json:
        say(json.dumps({"enforced": found.result.ok, "words": words}, indent=2, ensure_ascii=False))
    else:
        for line in words:
            say(line)
    return 0 if found.result.ok else 1


def _doctor_outside(given: Namespace, now: datetime) -> int:
    """What counts of the sandbox that `SHADOW_LAUNCHER` names, in words."""
    from shadow.cage.preflight.attestation import PURPOSE
    from shadow.replay.external import admitted
    from shadow.store import open_store

    store = open_store(None)
    try:
        found = admitted(store.secret(PURPOSE), now)
    except ContainmentUnavailable as refused:
        words = [str(refused), "no candidate is run here with isolation external"]
        enforced = False
    else:
        words = [found.words, f"signed {found.at.isoformat(timespec='seconds')} by {found.signer}"]
        enforced = True
    finally:
        store.close()
    if given.json:
        say(json.dumps({"enforced": enforced, "words": words}, indent=2, ensure_ascii=False))
    else:
        for line in words:
            (say if enforced else complain)(visible(line, lines=False))
    return 0 if enforced else 1


def _through(given: Namespace, now: datetime) -> Kept:
    """What the battery shows of a sandbox; always anew, for nobody says when its inside has changed."""
    from shadow.cage.preflight.launcher import subject, words
    from shadow.store.engine import home

    launcher = words(given.launcher)
    place = Path(given.home).resolve() if given.home else home()
    place.mkdir(parents=True, exist_ok=True)
    room = Path(given.room).resolve() if given.room else None
    about = subject(launcher)
    result = preflight_through(
        launcher, home=place, room=room, progress=lambda done, of: progress(done, of, "preflight")
    )
    return Kept(result=result, at=now, subject=about)


def _found(given: Namespace, policy: Policy, now: datetime) -> Kept:
    where = Path(given.home).resolve() if given.home else own_place()
    most = timedelta(0) if given.again else timedelta(hours=24)
    return shown(where, policy, now=now, most=most, progress=lambda done, of: progress(done, of, "preflight"))


def _attest(path: str, found: Kept, now: datetime, url: str | None) -> None:
    from shadow.cage.preflight.attestation import LASTS, PURPOSE, attest
    from shadow.store import open_store

    if found.age(now) > timedelta(minutes=10):
        raise UsageError(
            "what is signed must be fresh", where="--attest", seen=f"shown {_ago(found, now)}", todo="add --again"
        )
    store = open_store(url)
    try:
        write(path, attest(found.result, found.subject, key=store.secret(PURPOSE), now=now))
    finally:
        store.close()
    complain(f"signed: {path}, until {(now + LASTS).isoformat(timespec='seconds')}")


def _table(result: Result) -> None:
    wide = max(len(row.name) for row in result.rows)
    group = ""
    for row in result.rows:
        if row.group != group:
            group = row.group
            say(f"\n{group:<{wide + 2}}  outside   inside")
        told = row.reason or row.how
        say(visible(f"  {row.name:<{wide}}  {_SIGNS[row.outside]:<8}  {_SIGNS[row.inside]:<8}  {told}", lines=False))


def _line(found: Kept, now: datetime) -> str:
    word = {0: "the cage holds", 1: "THE CAGE LEAKS", 3: "too little is shown"}[_code(found.result)]
    return f"{word}: {found.result.words} ({found.result.seconds} s, {_ago(found, now)})"


def _ago(found: Kept, now: datetime) -> str:
    minutes = int(found.age(now).total_seconds() // 60)
    return "just now" if minutes < 1 else f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"


def _code(result: Result) -> int:
    return 0 if result.ok else 1 if result.inside else 3


def _words(found: Kept, now: datetime) -> list[str]:
    result = found.result
    lines = [
        _line(found, now),
        f"for: {found.subject['kernel']}, Landlock {found.subject['landlock']}, user {result.user}",
    ]
    groups = dict.fromkeys(row.group for row in result.rows)
    for group in groups:
        rows = [row for row in result.rows if row.group == group]
        held, tried = sum(row.proven for row in rows), sum(row.outside is Seen.LANDED for row in rows)
        lines.append(f"  {group}: {held} of {tried} that work here are held" + _rest(rows))
    lines += [f"LEAK: {row.group}: {row.name}" for row in result.inside]
    lines += [f"unclear: {row.group}: {row.name}: {row.reason}" for row in result.unclear]
    if len(result.proven) < LEAST_PROVEN:
        lines.append(
            f"only {len(result.proven)} were shown to work outside and not inside; {LEAST_PROVEN} are asked for"
        )
    if result.ok:
        lines.append("a candidate runs here with isolation kernel: no writes, no connection but through the doors")
    else:
        lines.append(f"{_NOTHING_RUNS} until that is mended")
    return [visible(line, lines=False) for line in lines]


def _rest(rows: list[Row]) -> str:
    names = [row.name for row in rows if row.outside is not Seen.LANDED]
    return f"; not provable here: {', '.join(names)}" if names else ""

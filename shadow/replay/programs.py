"""The host's end of a nest: start it, try on nothing whether a case is held here, then give it cases."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict

from shadow.cage.landlock import in_force
from shadow.cage.policy import SEARCHED, Policy, for_program, program_of
from shadow.cage.program import NOTIFY
from shadow.cage.rules import digest, rules
from shadow.candidates import Candidate
from shadow.candidates.model import Service
from shadow.errors import CandidateError, ContainmentUnavailable
from shadow.places import private
from shadow.replay.inside.nest import Commission
from shadow.replay.inside.program_case import Program
from shadow.replay.isolation import KERNEL, words
from shadow.replay.nursery import Nursery
from shadow.replay.wanted import CODE, ENVIRONMENT, HOME, Wanted
from shadow.replay.ward import TRIAL, Ward

TRIAL_S = 30.0
_BOOT = "import sys; sys.path.append(sys.argv[1]); from shadow.replay.inside.nest import main; main()"


def open_programs(candidate: Candidate, wanted: Wanted) -> Nursery | None:
    """A nest that is ready for cases; None where `stop` said so meanwhile.

    Raises:
        CandidateError: its program is not found.
        ContainmentUnavailable: it cannot be held; nothing of it was run.
    """
    if wanted.isolation != KERNEL:
        raise ContainmentUnavailable(
            "a program of any kind is run where the kernel holds it, and nowhere else", where=candidate.label,
            seen=wanted.isolation, allowed=KERNEL, todo="run it where `shadow doctor` says that the kernel enforces",
        )  # fmt: skip
    program = _program(candidate, wanted.environment)
    policy = for_program(candidate.root, program.file, code=(*CODE, *wanted.readable), private=private())
    asked = Commission(program=asdict(program), policy=asdict(policy), memory_bytes=wanted.memory_bytes)
    ward = Ward(dial=wanted.dial, door=wanted.door, memory_bytes=wanted.memory_bytes)
    try:
        nursery = _spawn(asked, ward)
    except BaseException:
        ward.close()
        raise
    nursery.policy, nursery.filter = policy.digest, _filter(policy)
    try:
        ready = _tried(nursery, ward, candidate, wanted)
    except BaseException:
        nursery.close()
        raise
    if not ready:
        nursery.close()
        return None
    return nursery


def _filter(policy: Policy) -> str:
    return digest(rules(NOTIFY, policy.forks, in_force(policy.abi), apart=policy.apart))


def _program(candidate: Candidate, environment: Mapping[str, str]) -> Program:
    run = candidate.program
    if run is None:
        raise CandidateError("it is no program", where=candidate.label)
    file = program_of(run.command[0], candidate.root)
    if file is None:
        raise CandidateError(
            "no such program here", where=candidate.label, seen=run.command[0],
            allowed=f"a path below {candidate.root}, or a name beside {sys.executable} or in {SEARCHED}",
        )  # fmt: skip
    found = {
        **ENVIRONMENT, "PATH": f"{os.path.dirname(sys.executable)}:{SEARCHED}",  # noqa: PTH120 - not resolved
        "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", **environment,
    }  # fmt: skip
    port, path = (run.port, run.path) if isinstance(run, Service) else (0, "")
    return Program(
        file=file, arguments=list(run.command), folder=candidate.root, environment=found, port=port, path=path
    )


def _spawn(asked: Commission, ward: Ward) -> Nursery:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    read_end, write_end = os.pipe()
    said = [str(theirs.fileno()), str(os.getpid()), json.dumps(asdict(asked))]
    try:
        process = subprocess.Popen(
            [sys.executable, "-s", "-P", "-B", "-u", "-c", _BOOT, HOME, *said],
            stdin=subprocess.DEVNULL, stdout=write_end, stderr=write_end, env=ENVIRONMENT, cwd="/",
            close_fds=True, pass_fds=[theirs.fileno()], start_new_session=True,
        )  # fmt: skip
    except OSError:
        ours.close()
        os.close(read_end)
        raise
    finally:
        theirs.close()
        os.close(write_end)
    ours.setblocking(False)
    os.set_blocking(read_end, False)
    return Nursery(process=process, line=ours, output=read_end, ward=ward)


def _tried(nursery: Nursery, ward: Ward, candidate: Candidate, wanted: Wanted) -> bool:
    """Start a case of nothing, and see that it is held; False where `stop` said so meanwhile."""
    poll = select.poll()
    poll.register(nursery.line, select.POLLIN)
    deadline, begun = time.monotonic() + TRIAL_S, False
    while not wanted.stop():
        poll.poll(100)
        nursery.drain()
        for message in nursery.hear():
            if message is not None and "ready" in message and not begun:
                begun = True
                _begin(nursery)
            elif message is not None and message.get("ended") == TRIAL and message["status"] == 0 and ward.attested:
                ward.over(TRIAL)
                nursery.isolation = words(ward.attested.popleft(), apart=True)  # it ran nothing of the candidate's
                return True
            else:
                raise _unheld(nursery, ward, candidate, message)
        if time.monotonic() > deadline:
            raise _unheld(nursery, ward, candidate, None)
    return False


def _begin(nursery: Nursery) -> None:
    line, theirs = socket.socketpair()
    line.close()
    nothing = os.open(os.devnull, os.O_WRONLY)
    nursery.start(TRIAL, line=theirs, output=nothing)
    theirs.close()
    os.close(nothing)


def _unheld(
    nursery: Nursery, ward: Ward, candidate: Candidate, message: Mapping[str, object] | None
) -> ContainmentUnavailable:
    ward.over(TRIAL)
    nursery.drain()
    said = bytes(nursery.tail).decode("utf-8", "replace")[-500:]
    seen = ward.problem or str((message or {}).get("not held", "")) or said or f"its process says {message}"
    return ContainmentUnavailable(
        "nothing of the candidate was run: its processes are not held", where=candidate.label, seen=seen,
        todo="a program needs namespaces of its own, which a container seldom gives; see `shadow doctor`",
    )  # fmt: skip

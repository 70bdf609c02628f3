"""One case of a candidate that is a program: inside its cage, start it, take it the case, say how it ended, end.

This runs as process 1 of the case's own namespaces, so that all of the program ends with it. It runs none of the
program's code itself; the program is started below it, and can neither signal it nor look at it.
"""

from __future__ import annotations

import http.client
import os
import select
import selectors
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from shadow.cage.policy import Policy
from shadow.doors.plain import dumps, loads, one_line, safe_text
from shadow.errors import ShadowError
from shadow.replay.frames import pack, receive
from shadow.replay.inside.case_process import DETAIL_CHARACTERS, Line, ending
from shadow.replay.isolation import enter_apart
from shadow.replay.relay import Relay

LINE = "SHADOW_LINE"  # names the descriptor that a command speaks over
NOT_STARTED = 127
_LOOPBACKS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.005, 0.25  # between two looks whether a service listens


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run, as plain data.

    Attributes:
        file: absolute path of what is run; `arguments`: all of them, the name first.
        folder: where it runs.
        environment: all that it finds.
        port, path: of a service; port 0 for a command.
    """

    file: str
    arguments: list[str]
    folder: str
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    path: str = ""


def run_program(program: Program, policy: Policy, *, line: int, output: int, control: int, parent: int) -> NoReturn:
    """Hold this process, then take one case through the program.

    Args:
        line, output: descriptors: the case's line, and the pipe that takes what the program prints.
        control: descriptor of the socket to the host's ward.
        parent: this process's parent, with which it ends.
    """
    channel = socket.socket(fileno=control)
    try:
        door = enter_apart(policy, channel, parent=parent)
    except (ShadowError, OSError) as error:
        channel.send(b"n" + str(error).encode()[:900])
        os._exit(1)
    if door:
        _offer(channel, door)
    channel.close()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    opened = socket.socket(fileno=line)
    opened.set_inheritable(False)
    if program.port:
        _serve(program, opened)
    _converse(program, opened)


def _offer(channel: socket.socket, door: str) -> None:
    """Listen where the network door is expected, and hand that to who answers there."""
    host, _, port = door.rpartition(":")
    with socket.socket() as inside:
        inside.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        inside.bind((host, int(port)))
        inside.listen(256)
        socket.send_fds(channel, [b"d"], [inside.fileno()])


def _launch(program: Program, environment: Mapping[str, str]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.chdir(program.folder)
        os.execve(program.file, program.arguments, {**program.environment, **environment})
    except OSError as error:
        os.write(2, f"{program.file}: {error.strerror}\n".encode())
    os._exit(NOT_STARTED)


def _serve(program: Program, opened: socket.socket) -> NoReturn:
    """A service: wait until it listens, ask it once, take its answer."""
    start = receive(opened)
    if start is None:
        os._exit(1)
    line = Line(socket=opened, call_bytes=start["call_bytes"], value_bytes=start["value_bytes"])
    pid = _launch(program, {})
    connected = _connected(program.port, pid, line)
    opened.sendall(pack({"begin": time.monotonic()}))
    try:
        status, body = _asked(connected, program, start)
    except (OSError, http.client.HTTPException) as error:
        line.end({"error": one_line(f"it did not answer: {type(error).__name__}: {error}")})
    if not 200 <= status < 300:
        detail = safe_text(body.decode("utf-8", "replace"), DETAIL_CHARACTERS)
        line.end({"error": f"it answered with status {status}", "detail": detail})
    if len(body) > line.value_bytes:
        line.end({"flood": f"an answer of more than {line.value_bytes} bytes"})
    try:
        value = loads(body)
    except ValueError as error:
        line.end({"invalid": one_line(f"its answer is no JSON: {error}")})
    line.end(ending(value, line.value_bytes))


def _connected(port: int, pid: int, line: Line) -> socket.socket:
    """A connection to the service, as soon as it listens; where it ends before that, so does the case."""
    wait = _FIRST_WAIT_S
    while True:
        for family, host in _LOOPBACKS:
            made = socket.socket(family)
            if made.connect_ex((host, port)) == 0 and made.getsockname() != made.getpeername():
                return made  # and not to itself, as a port of the ephemeral range lets it
            made.close()
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            line.end({"error": f"it {_ended(code)} before it listened on port {port}"})
        if select.select([line.socket], [], [], wait)[0]:
            os._exit(0)  # the host is gone
        wait = min(1.5 * wait, _LONGEST_WAIT_S)


def _ended(code: int) -> str:
    return f"exited with status {code}" if code >= 0 else f"was killed by signal {-code}"


def _asked(connected: socket.socket, program: Program, start: Mapping[str, Any]) -> tuple[int, bytes]:
    """The status and the body of its answer to the case's input; the moment of the case goes along as a header."""
    asking = http.client.HTTPConnection("127.0.0.1", program.port)
    asking.sock = connected
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Shadow-Now": start["now"]}
    asking.request("POST", program.path, body=dumps(start["input"]).encode(), headers=headers)
    answer = asking.getresponse()
    return answer.status, answer.read(start["value_bytes"] + 1)


def _converse(program: Program, opened: socket.socket) -> NoReturn:
    """A command: give it a line, pass on what goes over it, end as it ends.

    The line that it gets is a socket of its own network, made here: with one of the host's it could take names there.
    """
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    mine, theirs = socket.socketpair()
    theirs.set_inheritable(True)
    pid = _launch(program, {LINE: str(theirs.fileno())})
    theirs.close()
    selector = selectors.DefaultSelector()
    selector.register(woken, selectors.EVENT_READ, lambda: os.read(woken, 4096))
    relay = Relay(selector, opened, mine)
    while (code := _reaped(pid)) is None:
        for key, _ in selector.select():
            key.data()
    while relay.open and mine.fileno() in selector.get_map() and select.select([mine], [], [], 0)[0]:
        relay.turn()  # what it said last
    os._exit(code if code >= 0 else 128 - code)


def _reaped(wanted: int) -> int | None:
    """How the program ended; None while it runs. Whatever it left behind is waited for as well."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 1
        if pid == wanted:
            return os.waitstatus_to_exitcode(status)
        if not pid:
            return None

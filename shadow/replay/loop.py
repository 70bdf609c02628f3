"""The replay's loop: one thread that starts cases, answers their calls, and sees each to its end."""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from shadow.candidates.model import Command
from shadow.case import Case
from shadow.doors.tools import ToolsDoor
from shadow.observation import Ending, Observation
from shadow.replay import flight as flying
from shadow.replay.flight import Flight
from shadow.replay.frames import Inbox, pack
from shadow.replay.nursery import END_S, IMPORT_S, Nursery, open_nursery
from shadow.replay.observed import observed
from shadow.replay.programs import open_programs
from shadow.replay.rpc import Lines
from shadow.replay.state import State
from shadow.replay.wanted import Wanted

FORKED = "forked from one import"
FRESH = "fresh process per case"
_TURN_S = 0.2  # how long nothing may happen until `stop` is asked again
_LAST_S = 1.0  # how long a process may take to go once it has said its last word


def steps(state: State) -> Iterator[tuple[Case, Observation]]:
    """Each case and its observation, as it ends; everything is closed when this ends, however it does."""
    try:
        if state.network is not None:
            _listen(state, state.network.mail.fileno(), lambda: _on_mail(state))
        while not state.stop():
            _fill(state)
            if not state.flights:
                return
            _turn(state)
            for flight in [flight for flight in state.flights.values() if flight.status is not None]:
                _forget(state, flight)
                told = time.monotonic()
                yield flight.case, observed(flight, state.candidate)
                _excuse(state, time.monotonic() - told)
    finally:
        shut(state)


def start_nursery(state: State) -> None:
    """Start a zygote; where one import cannot serve all cases, another that imports in each.

    Raises:
        CandidateError: the candidate cannot be imported.
    """
    if state.candidate.program is not None:
        state.mode = f"{FRESH}: a program, in namespaces of its own"
    preload = not state.mode.startswith(FRESH)
    nursery = _nursery(state, preload=preload)
    if nursery is not None and nursery.left:
        state.mode = f"{FRESH}: {nursery.left}"
        nursery.close()
        gather(state, nursery, over=True)
        nursery = _nursery(state, preload=False)
    elif nursery is not None and preload:
        state.mode = FORKED
    state.nursery = nursery
    if nursery is not None:
        state.held = nursery.isolation
        _listen(state, nursery.line, lambda: _on_nursery(state, nursery))
        _listen(state, nursery.output, nursery.drain)


def shut(state: State) -> None:
    """End every process of this replay and close all; a second time does nothing."""
    if state.closed:
        return
    state.closed = True
    for flight in list(state.flights.values()):
        _forget(state, flight)
    if state.nursery is not None:
        state.nursery.close()
        gather(state, state.nursery, over=True)
    state.nursery = None
    if state.network is not None:
        state.network.close()
    state.selector.close()


def gather(state: State, nursery: Nursery, *, over: bool = False) -> None:
    """Take what is known of a nursery's processes; once it is over, also what was denied to nobody's."""
    gathered = state.gathered
    gathered.attested(nursery.take_attested())
    gathered.policies |= {nursery.policy} - {""}
    gathered.filters |= {nursery.filter} - {""}
    if over:
        gathered.nobodys += nursery.nobodys()


def _nursery(state: State, *, preload: bool) -> Nursery | None:
    network = state.network
    wanted = Wanted(
        preload=preload, memory_bytes=state.limits.memory_bytes, isolation=state.isolation, stop=state.stop,
        sandbox=state.sandbox,
        dial=None if network is None else network.dial, readable=() if network is None else network.readable,
        environment={**state.candidate.environment, **(network.environment if network else {})},
        door="" if network is None else "{}:{}".format(*network.door.address),
    )  # fmt: skip
    opened = open_nursery if state.candidate.program is None else open_programs
    nursery = opened(state.candidate, wanted)
    if nursery is not None:
        state.gathered.at_import += nursery.denied_at_import()
    return nursery


def _fill(state: State) -> None:
    """Start cases while there is room; suspects go first, each alone."""
    if any(flight.again for flight in state.flights.values()):
        return
    if state.suspects:
        if not state.flights:
            _launch(state, state.suspects.popleft(), again=True)
        return
    while len(state.flights) < state.limits.at_once and not state.exhausted and not state.stop():
        case = next(state.cases, None)
        state.exhausted = case is None
        if case is not None:
            _launch(state, case)


def _launch(state: State, case: Case, *, again: bool = False) -> None:
    if state.nursery is None:  # stopped while a zygote was started
        return
    told = flying.told(case, state.candidate, state.limits, repeat=state.repeat)
    ours, theirs = socket.socketpair()
    read_end, write_end = os.pipe()
    ours.setblocking(False)
    os.set_blocking(read_end, False)
    flight = _flight(state, case, ours, read_end)
    flight.again = again
    if isinstance(state.candidate.program, Command):
        flight.told = told  # when it asks
    else:
        flight.outbox += pack(told)
    state.flights[flight.number] = flight
    if state.network is not None:
        state.network.begin(flight.number, case.id, attempt=int(again))
    state.nursery.start(flight.number, line=theirs, output=write_end)  # where it is gone, we shall hear
    theirs.close()
    os.close(write_end)
    _listen(state, flight.output, lambda: _on_output(state, flight))
    _listen(state, flight.line, lambda: _on_line(state, flight))
    flying.send(flight)
    _attend(state, flight)


def _flight(state: State, case: Case, line: socket.socket, output: int) -> Flight:
    state.numbers += 1
    limits, now = state.limits, time.monotonic()
    inbox = Lines if isinstance(state.candidate.program, Command) else Inbox
    door = ToolsDoor(
        case=case, experiment=state.experiment, checks=state.checks, bindings=state.bindings,
        calls_most=limits.calls, bytes_most=limits.call_bytes, clock=_utc, ticks=time.monotonic, began=now,
    )  # fmt: skip
    return Flight(
        number=state.numbers, case=case, door=door, limits=limits, line=line, output=output,
        inbox=inbox(most=max(limits.call_bytes, limits.value_bytes) + flying.HEADROOM),
        started=now, deadline=now + IMPORT_S,
    )  # fmt: skip


def _utc() -> datetime:
    return datetime.now(UTC)


def _listen(state: State, source: socket.socket | int, act: Callable[[], None]) -> None:
    state.selector.register(source, selectors.EVENT_READ, act)


def _turn(state: State) -> None:
    now = time.monotonic()
    nearest = min(flight.deadline for flight in state.flights.values()) - now
    for key, _ in state.selector.select(min(_TURN_S, max(0.0, nearest))):
        if state.selector.get_map().get(key.fd) is key:  # else closed by an event before it in this turn
            key.data()
    for flight in list(state.flights.values()):
        _watch(state, flight, time.monotonic())


def _on_output(state: State, flight: Flight) -> None:
    flying.take_output(flight)
    if not flight.output_open:
        state.selector.unregister(flight.output)


def _on_line(state: State, flight: Flight) -> None:
    started = time.monotonic()
    flying.send(flight)
    flying.take_line(flight)
    _attend(state, flight)
    _excuse(state, time.monotonic() - started)


def _on_mail(state: State) -> None:
    """Have what cases have asked over the network judged by the door of each."""
    if state.network is None:
        return
    started = time.monotonic()
    running = {number: flight for number, flight in state.flights.items() if flight.final is None}
    state.network.answer(lambda number: running[number].door if number in running else None)
    for flight in running.values():
        flying.overrun(flight)
    _excuse(state, time.monotonic() - started)


def _attend(state: State, flight: Flight) -> None:
    """Listen to the line for as long as it is open, and wait until it takes what is to be sent."""
    if not flight.line_open:
        state.selector.unregister(flight.line)
        return
    wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if flight.outbox else 0)
    key = state.selector.get_key(flight.line)
    if key.events != wanted:
        state.selector.modify(flight.line, wanted, key.data)


def _on_nursery(state: State, nursery: Nursery) -> None:
    for message in nursery.hear():
        if message is None:
            return _lose(state, nursery)
        flight = state.flights.get(message.get("ended", 0))
        if flight is not None:
            _drain(flight)
            flying.blame(flight, nursery.denied(flight.number))
            flight.status, flight.gone = message["status"], message["at"]
    return None


def _drain(flight: Flight) -> None:
    """Take what a process that is gone had still said and printed."""
    while flying.take_line(flight):
        pass
    while flying.take_output(flight):
        pass


def _watch(state: State, flight: Flight, now: float) -> None:
    """End what is over its time, and what has ended its case and not itself."""
    if flight.final is not None and not flight.hastened:
        flight.hastened = True
        flight.deadline = now + (_LAST_S if flight.parted else 0.0)
    if flight.status is not None or now < flight.deadline or state.nursery is None:
        return None
    if flight.killing:  # it was told to end this case, and has not
        return _lose(state, state.nursery)
    flying.end(flight, Ending.TIMEOUT, f"no answer within {state.limits.seconds:g} s")
    flight.killing = flight.hastened = True
    flight.deadline = now + END_S
    state.nursery.kill(flight.number)
    return None


def _lose(state: State, nursery: Nursery) -> None:
    """The zygote is gone or does not obey: end it, try its cases once more, start another."""
    state.selector.unregister(nursery.line)
    state.selector.unregister(nursery.output)
    nursery.close()
    state.nursery, state.restarts = None, state.restarts + 1
    for flight in list(state.flights.values()):
        _drain(flight)
        if flight.final is None and flight.again:
            flying.end(flight, Ending.ERROR, "it ended the process that cases are forked from, twice")
        if flight.final is not None:
            flying.blame(flight, nursery.denied(flight.number, wait=False))
            flight.status = flight.status or 0
        elif flight.status is None:
            _forget(state, flight)
            state.suspects.append(flight.case)
    gather(state, nursery, over=True)
    start_nursery(state)


def _forget(state: State, flight: Flight) -> None:
    """Take a case out of the loop and give back its descriptors."""
    del state.flights[flight.number]
    if state.network is not None:
        flight.passages = state.network.end(flight.number)
    known = state.selector.get_map()
    for source in (flight.line.fileno(), flight.output):
        if source in known:
            state.selector.unregister(source)
    flying.close(flight)


def _excuse(state: State, seconds: float) -> None:
    """Time in which this side was busy is not the candidates': move their deadlines by it."""
    for flight in state.flights.values():
        flight.deadline += seconds

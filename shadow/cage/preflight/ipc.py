"""Memory, messages and keys that processes share without a file: the harness's own, made for each attempt."""

from __future__ import annotations

import ctypes
import os
import secrets
import struct
from contextlib import suppress

from shadow.cage.preflight import calls
from shadow.cage.preflight.bench import Bench
from shadow.cage.preflight.egress import WORD
from shadow.cage.preflight.model import Group, Scene

IPC = Group("shared memory, queues, keys")
_REMOVE, _CREATE, _NO_WAIT = 0, 0o1000 | 0o600, 0o4000
_USER_KEYRING = -4  # KEY_SPEC_USER_KEYRING


def _number() -> int:
    return secrets.randbelow(2**30) + 1


@IPC.attack("write into System V shared memory")
def shared_memory(bench: Bench) -> Scene:
    """A segment of the harness."""
    number = calls.call(calls.SHMGET, _number(), 4096, _CREATE)
    bench.after(calls.call, calls.SHMCTL, number, _REMOVE, None)
    ours = calls.call(calls.SHMAT, number, None, 0)
    bench.after(calls.call, calls.SHMDT, ours)

    def attempt() -> None:
        ctypes.memmove(calls.call(calls.SHMAT, number, None, 0), WORD, len(WORD))

    return Scene(attempt=attempt, landed=lambda _: ctypes.string_at(ours, len(WORD)) == WORD)


@IPC.attack("make System V shared memory")
def new_shared_memory(bench: Bench) -> Scene:
    """Memory that outlives its maker."""
    key = _number()
    bench.after(_forget, calls.SHMGET, calls.SHMCTL, key, 4096)
    return Scene(
        attempt=lambda: calls.call(calls.SHMGET, key, 4096, _CREATE),
        landed=lambda _: _is_there(calls.SHMGET, key, 4096),
    )


def _is_there(get: int, key: int, size: int) -> bool:
    try:
        calls.call(get, key, size, 0)
    except FileNotFoundError:
        return False
    return True


def _forget(get: int, control: int, key: int, size: int) -> None:
    calls.call(control, calls.call(get, key, size, 0), _REMOVE, None)


@IPC.attack("send a System V message")
def message(bench: Bench) -> Scene:
    """Into a queue of the harness."""
    number = calls.call(calls.MSGGET, _number(), _CREATE)
    bench.after(calls.call, calls.MSGCTL, number, _REMOVE, None)
    content = calls.buffer(struct.pack("=q", 1) + WORD)
    into = calls.buffer(256)

    def landed() -> bool:
        with suppress(OSError):  # ENOMSG
            return calls.call(calls.MSGRCV, number, into, 200, 0, _NO_WAIT) > 0
        return False

    return Scene(attempt=lambda: calls.call(calls.MSGSND, number, content, len(WORD), 0), landed=lambda _: landed())


@IPC.attack("change a System V semaphore")
def semaphore(bench: Bench) -> Scene:
    """Production may wait for it."""
    number = calls.call(calls.SEMGET, _number(), 1, _CREATE)
    bench.after(calls.call, calls.SEMCTL, number, 0, _REMOVE, 0)
    up = calls.buffer(struct.pack("=Hhh", 0, 1, 0))
    return Scene(
        attempt=lambda: calls.call(calls.SEMOP, number, up, 1),
        landed=lambda _: calls.call(calls.SEMCTL, number, 0, 12, 0) == 1,  # GETVAL
    )


def _queue(flags: int, name: bytes) -> int:
    facts = calls.buffer(struct.pack("=4q", 0, 4, 64, 0) + bytes(32))
    return calls.call(calls.MQ_OPEN, name, flags, 0o600, facts)


@IPC.attack("send into a POSIX message queue")
def posix_message(bench: Bench) -> Scene:
    """A queue of the harness, by its name."""
    name = f"shadow-preflight-{secrets.token_hex(8)}".encode() + b"\0"
    ours = _queue(os.O_CREAT | os.O_RDWR | os.O_NONBLOCK, name)
    bench.after(os.close, ours)
    bench.after(calls.call, calls.MQ_UNLINK, name)
    into = calls.buffer(64)

    def landed() -> bool:
        with suppress(BlockingIOError):
            return calls.call(calls.MQ_RECEIVE, ours, into, 64, None, None) > 0
        return False

    def attempt() -> None:
        number = calls.call(calls.MQ_OPEN, name, os.O_WRONLY, 0, None)
        calls.call(calls.MQ_SEND, number, WORD, len(WORD), 0, None)

    return Scene(attempt=attempt, landed=lambda _: landed())


@IPC.attack("make a POSIX message queue")
def new_posix_queue(bench: Bench) -> Scene:
    """A queue that outlives its maker."""
    name = f"shadow-preflight-{secrets.token_hex(8)}".encode() + b"\0"
    bench.after(calls.call, calls.MQ_UNLINK, name)

    def landed() -> bool:
        with suppress(FileNotFoundError):
            os.close(calls.call(calls.MQ_OPEN, name, os.O_RDONLY, 0, None))
            return True
        return False

    return Scene(attempt=lambda: _queue(os.O_CREAT | os.O_RDWR, name), landed=lambda _: landed())


@IPC.attack("put a key into the user's keyring")
def keyring(bench: Bench) -> Scene:
    """It is there for all of this user's processes; it would be gone by itself after a minute."""
    name = f"shadow-preflight-{secrets.token_hex(8)}".encode() + b"\0"

    def find() -> int:
        return calls.call(calls.KEYCTL, 10, _USER_KEYRING, b"user\0", name, 0)  # KEYCTL_SEARCH

    def landed() -> bool:
        with suppress(OSError):  # ENOKEY
            return find() > 0
        return False

    def attempt() -> None:
        number = calls.call(calls.ADD_KEY, b"user\0", name, WORD, len(WORD), _USER_KEYRING)
        calls.call(calls.KEYCTL, 15, number, 60)  # KEYCTL_SET_TIMEOUT

    bench.after(lambda: calls.call(calls.KEYCTL, 9, find(), _USER_KEYRING))  # KEYCTL_UNLINK
    return Scene(attempt=attempt, landed=lambda _: landed())

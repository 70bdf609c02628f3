"""System calls as the cage itself makes them, before it is closed."""

from __future__ import annotations

import ctypes
import os

from shadow.cage.numbers import NUMBERS

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def call(name: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | ctypes.Structure | None) -> int:
    """One system call by name; bytes and structures are passed by address.

    Raises:
        OSError: the kernel refuses; the call's name is its file name.
    """
    passed = [
        ctypes.c_ulong(one & (2**64 - 1)) if isinstance(one, int)
        else ctypes.byref(one) if isinstance(one, ctypes.Structure | ctypes.Array)
        else one
        for one in arguments
    ]  # fmt: skip
    answer = int(_libc.syscall(ctypes.c_long(NUMBERS[name]), *passed))
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), name)
    return answer


def prctl(option: int, *arguments: int) -> int:
    """One prctl; what is not given is 0.

    Raises:
        OSError: the kernel refuses.
    """
    return call("prctl", option, *(*arguments, 0, 0, 0, 0)[:4])

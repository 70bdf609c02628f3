"""System calls by number, made as an attacker makes them: by libc's `syscall`, and by machine code of our own.

The numbers are written down here once more, apart from those that the filter is made of: a wrong number in
the filter's table must not hide itself from the battery.
Source: the kernel's arch/x86/entry/syscalls/syscall_64.tbl.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import struct

SOCKET, CONNECT, SENDTO, SENDMMSG, BIND = 41, 42, 44, 307, 49
CLONE, FORK, VFORK, CLONE3 = 56, 57, 58, 435
KILL, TKILL, TGKILL, SIGQUEUE, TGSIGQUEUE, PIDFD_SEND, PIDFD_GETFD = 62, 200, 234, 129, 297, 424, 438
PTRACE, VM_READ, VM_WRITE, PRLIMIT, SET_SCHEDULER, SET_ATTR, SET_IOPRIO = 101, 310, 311, 302, 144, 314, 251
SHMGET, SHMAT, SHMCTL, SHMDT, SEMGET, SEMOP, SEMCTL, MSGGET, MSGSND, MSGRCV, MSGCTL = (
    *(29, 30, 31, 67, 64, 65, 66),
    *(68, 69, 70, 71),
)
MQ_OPEN, MQ_UNLINK, MQ_SEND, MQ_RECEIVE, ADD_KEY, KEYCTL = 240, 241, 242, 243, 248, 250
LINKAT, RENAMEAT2, OPENAT2, OPEN_BY_HANDLE, NAME_TO_HANDLE, FCHMODAT2, SETXATTRAT, FILE_SETATTR = (
    *(265, 316, 437, 304),
    *(303, 452, 463, 469),
)
MOUNT, UNSHARE, FANOTIFY_INIT, PERSONALITY, SETHOSTNAME, CLOCK_SETTIME = 165, 272, 300, 135, 170, 227
BPF, PERF_EVENT_OPEN, USERFAULTFD, MEMFD_SECRET, IO_URING_SETUP, IO_URING_ENTER = 321, 298, 323, 447, 425, 426
CAPSET = 126
PR_SET_PDEATHSIG, PR_SET_SUBREAPER, PR_SET_PTRACER = 1, 36, 0x59616D61

Memory = ctypes.Array[ctypes.c_char]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(number: int, *arguments: int | bytes | Memory | None) -> int:
    """One raw system call.

    Raises:
        OSError: the kernel refuses.
    """
    wide = [ctypes.c_ulong(one & (2**64 - 1)) if isinstance(one, int) else one for one in arguments]
    answer = int(libc.syscall(ctypes.c_long(number), *wide))
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return answer


def prctl(option: int, value: int) -> None:
    """One prctl of one argument."""
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def buffer(size: int | bytes) -> Memory:
    """Memory that keeps its place: of this size, or with this content and not a byte more."""
    if isinstance(size, bytes):
        return ctypes.create_string_buffer(size, len(size))
    return ctypes.create_string_buffer(size)


def address(memory: Memory) -> int:
    """Where it is."""
    return ctypes.addressof(memory)


def inet(host: bytes, port: int) -> bytes:
    """A `struct sockaddr_in`."""
    return struct.pack("=H", 2) + struct.pack("!H", port) + host + bytes(8)


class Code:
    """Machine code in memory that may be written and run; `low` is memory below 2 GB, for 32-bit pointers."""

    def __init__(self, text: bytes) -> None:
        self._map = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self._map.write(text)
        place = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        kind = ctypes.CFUNCTYPE(ctypes.c_long, *[ctypes.c_ulong] * 4)
        self._function = kind(place)

    def __call__(self, number: int, *arguments: int) -> int:
        padded = (*arguments, 0, 0, 0)[:3]
        answer = ctypes.c_int(self._function(number, *padded)).value
        if answer < 0:
            raise OSError(-answer, os.strerror(-answer))
        return answer


# rdi, rsi, rdx, rcx hold number and three arguments; push rbx; eax, ebx, ecx, edx for int 0x80
_INT80 = bytes.fromhex("53 89f8 89f3 4189c8 89d1 4489c2 cd80 5b c3".replace(" ", ""))
# mov rax, rdi; mov rdi, rsi; mov rsi, rdx; mov rdx, rcx; syscall; ret
_SYSCALL = bytes.fromhex("4889f8 4889f7 4889d6 4889ca 0f05 c3".replace(" ", ""))


def int80() -> Code:
    """The 32-bit way into the kernel: a filter that does not look at the architecture takes its numbers for others."""
    return Code(_INT80)


def own_syscall() -> Code:
    """The 64-bit instruction, without libc."""
    return Code(_SYSCALL)


def low_memory(content: bytes) -> int:
    """The address, below 2 GB, of a page that holds `content`; it is never given back."""
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    place = libc.mmap(None, 4096, 3, 0x62, -1, 0)  # read and write; private, anonymous, MAP_32BIT
    if place is None or place in (0, 2**64 - 1):
        raise OSError(ctypes.get_errno(), "no memory below 2 GB")
    ctypes.memmove(place, content, len(content))
    return int(place)

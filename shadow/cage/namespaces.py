"""Namespaces of one's own: in them there is no process, network, mount, queue or name but one's own.

    caller ── unshare ──► stands for it outside ── fork ──► process 1 inside, which is what `isolate` returns in

Nothing survives: where either of the two ends, the kernel ends every process inside.

Source: the kernel's manual pages namespaces(7), user_namespaces(7), pid_namespaces(7), mount_setattr(2).
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import select
import signal
import socket
import struct
from typing import NoReturn

from shadow.cage import kernel
from shadow.errors import ContainmentUnavailable

_ALL = 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000 | 0x08000000 | 0x04000000 | 0x02000000
_SET_PDEATHSIG = 1
_PRIVATE, _NOSUID, _NODEV, _NOEXEC = (1 << 18) | (1 << 14), 2, 4, 8
_HERE, _RECURSIVE, _RDONLY = -100, 0x8000, 1
_SET_INTERFACE, _UP = 0x8914, 0x41
_NAME = b"shadow"


def isolate() -> None:
    """Go on as process 1 of namespaces of its own, for good; the caller has no threads.

    Inside, the network is a loopback of its own, every mount is read-only, and the caller has every capability over
    them, which it is to drop. What called goes on as a process that waits for it and ends as it ends.

    Raises:
        ContainmentUnavailable: this machine, or a container's profile, does not give namespaces.
        OSError: the kernel refuses a part; the process is then not to run anybody's code.
    """
    parent, user, group = os.getppid(), os.geteuid(), os.getegid()
    _unshare()
    _map(user, group)
    kernel.prctl(_SET_PDEATHSIG, signal.SIGKILL)  # a change of user has taken it away
    if os.getppid() != parent:
        os._exit(1)
    alive, held = os.pipe()
    inside = os.fork()
    if inside:
        _stand_for(inside, held)
    _bind_to_outside(alive, held)
    os.setsid()  # else a signal to one's group would leave
    _settle()


def _unshare() -> None:
    try:
        kernel.call("unshare", _ALL)
    except OSError as error:
        raise ContainmentUnavailable(
            "namespaces of its own are not to be had here, which a program of any kind is held by",
            where="isolation", seen=str(error), allowed="a machine on which an ordinary user may make namespaces",
            todo="does a container's profile forbid unshare, or the kernel user namespaces (user.max_user_namespaces, "
            "apparmor_restrict_unprivileged_userns)? run it outside the container, or plug the agent in as a function",
        ) from error  # fmt: skip


def _map(user: int, group: int) -> None:
    """Inside, one is who one is outside, and nobody else is anybody."""
    try:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            _write(f"/proc/self/{name}", text)
    except OSError as error:
        raise ContainmentUnavailable(
            "a user namespace of its own cannot be set up", where="isolation", seen=str(error),
            todo="does a security module restrict user namespaces (AppArmor on Ubuntu does)?",
        ) from error  # fmt: skip


def _write(path: str, text: str) -> None:
    number = os.open(path, os.O_WRONLY)  # truncating it would need a user who is mapped already
    try:
        os.write(number, text.encode("ascii"))
    finally:
        os.close(number)


def _stand_for(inside: int, held: int) -> NoReturn:
    """Outside: hold nothing open but the end that says so, wait, and end in the same way."""
    os.closerange(0, held)
    os.closerange(held + 1, os.sysconf("SC_OPEN_MAX"))
    _, status = os.waitpid(inside, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        kernel.prctl(4, 0)  # not dumpable: the end is told, no core is
        signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -code)
    os._exit(code & 0xFF)


def _bind_to_outside(alive: int, held: int) -> None:
    """Inside: end where the process outside has ended, even if it did before this could be asked for."""
    os.close(held)
    kernel.prctl(_SET_PDEATHSIG, signal.SIGKILL)
    poll = select.poll()
    poll.register(alive, 0)
    if poll.poll(0):
        os._exit(1)
    os.close(alive)


def _settle() -> None:
    """A loopback that is up, a /proc of these processes alone where the kernel gives one, and nothing to write to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        fcntl.ioctl(made, _SET_INTERFACE, struct.pack("16sh14x", b"lo", _UP))
    kernel.call("sethostname", _NAME, len(_NAME))
    kernel.call("mount", None, b"/", None, _PRIVATE, None)
    try:
        kernel.call("mount", b"proc", b"/proc", b"proc", _NOSUID | _NODEV | _NOEXEC, None)
    except OSError as error:  # a container that covers parts of its own: Landlock keeps what is there shut
        if error.errno not in (errno.EPERM, errno.EBUSY):
            raise
    attributes = ctypes.create_string_buffer(struct.pack("=4Q", _RDONLY, 0, 0, 0), 32)
    kernel.call("mount_setattr", _HERE, b"/", _RECURSIVE, attributes, len(attributes))

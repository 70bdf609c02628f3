"""The filter: which system calls a caged process may make, and with which arguments; everything else is denied.

Denied is whatever is not named here, so also what is newer than this file. The rules on arguments come from attacks
that landed in cages without them: tests/cage/test_rules.py names one attack a rule, and dies without the rule.
"""

from __future__ import annotations

import errno
import os
from functools import cache
from hashlib import sha256

from shadow.cage.numbers import NUMBERS
from shadow.cage.program import (
    ALLOW,
    ANY_BIT,
    EQUAL,
    NOTIFY,
    Rule,
    among,
    answer,
    assemble,
    on,
    one_of,
    only_x86_64,
    refuse,
    when,
)  # fmt: skip

DENY = refuse(errno.EPERM)
FAST_OPEN = 0x20000000  # MSG_FASTOPEN: sendto that connects
THREAD = 0x00010000  # CLONE_THREAD
NAMESPACES = 0x7E020080  # CLONE_NEW*, all eight
PLAIN_FORK = 0xFF | 0x01300000  # the exit signal; CHILD_SETTID, CHILD_CLEARTID, PARENT_SETTID: what fork() asks for
OWN_FORK = PLAIN_FORK | 0x00004100  # also CLONE_VM, CLONE_VFORK: how programs are started
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
NEW_LISTENER = 8
_MODE = os.O_WRONLY | os.O_RDWR
_INET, _INET6, _UNIX, _STREAM, _KIND, _TCP = 2, 10, 1, 1, 0xF, 6

_READING = """
    read pread64 readv preadv preadv2 lseek stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2
    readlink readlinkat getdents getdents64 getcwd chdir fchdir getxattr lgetxattr fgetxattr listxattr llistxattr
    flistxattr close close_range dup dup2 dup3 umask fadvise64 readahead
"""
_WRITING_TO_WHAT_IS_OPEN = """
    write pwrite64 writev pwritev pwritev2 fsync fdatasync sendfile splice tee vmsplice pipe pipe2
    recvfrom recvmsg recvmmsg shutdown getsockname getpeername getsockopt
"""
_MEMORY = """
    mmap mprotect munmap mremap brk madvise mincore msync mlock mlock2 munlock mlockall munlockall mbind get_mempolicy
    pkey_mprotect pkey_alloc pkey_free membarrier
"""
_WAITING = """
    poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2
    timerfd_create timerfd_settime timerfd_gettime signalfd signalfd4 futex futex_waitv futex_wake futex_wait
    futex_requeue pause nanosleep clock_nanosleep sched_yield restart_syscall wait4 waitid
"""
_OWN_SIGNALS_AND_CLOCKS = """
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack alarm getitimer
    setitimer timer_create timer_settime timer_gettime timer_getoverrun timer_delete gettimeofday time clock_gettime
    clock_getres times
"""
_ONESELF = """
    getpid gettid getppid getpgrp getuid geteuid getgid getegid getresuid getresgid getgroups getrlimit setrlimit
    getrusage sysinfo uname getcpu getrandom capget arch_prctl set_tid_address set_robust_list get_robust_list rseq
    sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min
    sched_rr_get_interval getpriority exit exit_group
"""
ALLOWED = frozenset(
    f"{_READING}{_WRITING_TO_WHAT_IS_OPEN}{_MEMORY}{_WAITING}{_OWN_SIGNALS_AND_CLOCKS}{_ONESELF}".split()
)
# allowed besides, in namespaces of its own
APART = frozenset({"bind", "listen", "accept", "accept4", "execve", "execveat"})
_ABOUT_ONESELF = ("prlimit64", "sched_setaffinity", "getpgid", "getsid")  # the process id comes first; 0 is oneself
_FCNTL = (0, 1, 2, 3, 4, 1030, 1031, 1032, 1034)  # duplicate, flags, pipe size, seals; no lock, lease, owner, hint
_IOCTL = (0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # what isatty and non-blocking files ask
_PRCTL = (2, 3, 15, 16, 21, 23, 30, 38, 39, 0x53564D41)  # read-only ones; own name; no_new_privs; name of memory
_PDEATHSIG, _SIGKILL = 1, 9
_SET_FILTER = 1
_SOL_SOCKET, _IPPROTO_IP, _IPPROTO_IPV6 = 1, 0, 41
_TCP_OPTIONS = (1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 18, 23)  # no repair, fast open, authentication or upper protocol


@cache
def rules(deny: int, forks: bool, landlock_abi: int, *, apart: bool = False) -> bytes:
    """The filter's program.

    Args:
        deny: what a denied call is answered with: NOTIFY (asked of the listener), or an error (`DENY`).
        forks: whether fork() is possible: where calls are asked of the listener, it is asked each time.
        landlock_abi: the Landlock that is in force beside it; below 3 it does not know what truncating is.
        apart: for namespaces of its own: also listening, starting processes, and running programs.
    """
    allowed = ALLOWED | APART if apart else ALLOWED
    return assemble(
        only_x86_64(),
        *_files(deny, landlock_abi),
        *_sockets(deny),
        *(_programs(deny) if apart else _processes(deny, forks)),
        *_oneself(deny),
        among((NUMBERS[name] for name in allowed), ALLOW),
        answer(deny),
    )


@cache
def no_fork() -> bytes:
    """A second filter for a process that nobody listens to: no new process, whatever the first filter allows."""
    plain = when(0, ANY_BIT, THREAD, answer(ALLOW), answer(DENY))
    return assemble(
        only_x86_64(),
        on(NUMBERS["clone"], plain),
        on(NUMBERS["clone3"], answer(refuse(errno.ENOSYS))),
        among((NUMBERS["fork"], NUMBERS["vfork"]), DENY),
        answer(ALLOW),
    )


def digest(program: bytes) -> str:
    """What a filter is known by: 64 hexadecimal digits."""
    return sha256(program).hexdigest()


def is_plain_fork(flags: int) -> bool:
    """Whether clone() with these flags is fork() and nothing more."""
    return not flags & 0xFFFFFFFF & ~PLAIN_FORK


def is_own_fork(flags: int) -> bool:
    """Whether clone() with these flags starts a process of the caller's own, as fork, vfork and posix_spawn do."""
    return not flags & 0xFFFFFFFF & ~OWN_FORK


_NEITHER = 3  # an access mode of open() that asks for no right at all


def _files(deny: int, landlock_abi: int) -> list[Rule]:
    """Opening: to read as Landlock says; to write never where somebody is asked, else as Landlock says.

    Below ABI 3, Landlock lets a file be emptied: by truncate(), and by opening it for reading, or for neither reading
    nor writing, with O_TRUNC.
    """
    writing = NOTIFY if deny == NOTIFY else ALLOW
    found = []
    for name, flags in (("open", 1), ("openat", 2)):
        rule = when(flags, ANY_BIT, WRITES, answer(writing), answer(ALLOW))
        if landlock_abi < 3:
            emptying = when(flags, ANY_BIT, os.O_TRUNC, answer(deny), rule)
            rule = when(flags, EQUAL, os.O_RDONLY, emptying, rule, mask=_MODE)
            rule = when(flags, EQUAL, _NEITHER, emptying, rule, mask=_MODE)
        found.append(on(NUMBERS[name], rule))
    if landlock_abi < 3:
        found.append(on(NUMBERS["truncate"], answer(deny)))
    return [
        *found,
        on(NUMBERS["openat2"], answer(refuse(errno.ENOSYS))),  # its flags are in memory; the C library falls back
        on(NUMBERS["ioctl"], one_of(1, _IOCTL, ALLOW, deny)),  # FS_IOC_SETFLAGS works on what is open to read
        on(NUMBERS["fcntl"], one_of(1, _FCNTL, ALLOW, deny)),  # a lock on what is open to read stalls others
    ]


def _sockets(deny: int) -> list[Rule]:
    """TCP over IP, and pairs of connected streams; connect() and all that would be heard is denied."""
    tcp = one_of(2, (0, _TCP), ALLOW, deny)  # not MPTCP, 262
    stream = when(1, EQUAL, _STREAM, tcp, answer(deny), mask=_KIND)  # not UDP, raw
    inet = when(0, EQUAL, _INET, stream, when(0, EQUAL, _INET6, stream, answer(deny)))
    pair = when(1, EQUAL, _STREAM, answer(ALLOW), answer(deny), mask=_KIND)  # a datagram pair may send to any path
    return [
        on(NUMBERS["socket"], inet),
        on(NUMBERS["socketpair"], when(0, EQUAL, _UNIX, pair, answer(deny))),
        *(
            on(NUMBERS[name], when(flags, ANY_BIT, FAST_OPEN, answer(deny), answer(ALLOW)))
            for name, flags in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3))
        ),
        on(NUMBERS["setsockopt"], _options(deny)),
    ]


def _options(deny: int) -> Rule:
    """No joining of groups, no fast open, no repair, no filter of the socket's own."""
    own = one_of(2, (26, 27, 50, 51, 52), deny, ALLOW)  # SO_ATTACH_*, SO_DETACH_*
    tcp = one_of(2, _TCP_OPTIONS, ALLOW, deny)
    ip = one_of(2, (1, 2), ALLOW, deny)  # type of service, time to live
    ipv6 = one_of(2, (26, 67), ALLOW, deny)  # only version 6, traffic class
    rest = when(1, EQUAL, _IPPROTO_IP, ip, when(1, EQUAL, _IPPROTO_IPV6, ipv6, answer(deny)))
    return when(1, EQUAL, _SOL_SOCKET, own, when(1, EQUAL, _TCP, tcp, rest))


def _processes(deny: int, forks: bool) -> list[Rule]:
    """Threads; a fork only where forks are allowed, then plain and, where somebody listens, one by one."""
    plain = deny if not forks else NOTIFY if deny == NOTIFY else ALLOW
    process = when(0, ANY_BIT, ~PLAIN_FORK & 0xFFFFFFFF, answer(deny), answer(plain))
    thread = when(0, ANY_BIT, NAMESPACES, answer(deny), answer(ALLOW))
    return [
        on(NUMBERS["clone"], when(0, ANY_BIT, THREAD, thread, process)),
        on(NUMBERS["clone3"], answer(refuse(errno.ENOSYS))),  # its flags are in memory; the C library falls back
    ]


def _programs(deny: int) -> list[Rule]:
    """Threads and processes; each process is asked where somebody listens, who counts them."""
    asked = NOTIFY if deny == NOTIFY else ALLOW
    process = when(0, ANY_BIT, ~OWN_FORK & 0xFFFFFFFF, answer(deny), answer(asked))
    thread = when(0, ANY_BIT, NAMESPACES, answer(deny), answer(ALLOW))
    return [
        on(NUMBERS["clone"], when(0, ANY_BIT, THREAD, thread, process)),
        on(NUMBERS["clone3"], answer(refuse(errno.ENOSYS))),  # its flags are in memory; the C library falls back
        among((NUMBERS["fork"], NUMBERS["vfork"]), asked),
    ]


def _oneself(deny: int) -> list[Rule]:
    """Calls that could mean another process mean oneself; one's own end stays bound to one's parent's."""
    killed = when(1, EQUAL, _SIGKILL, answer(ALLOW), answer(deny))
    filters = when(1, ANY_BIT, NEW_LISTENER, answer(deny), answer(ALLOW))
    return [
        on(NUMBERS["prctl"], when(0, EQUAL, _PDEATHSIG, killed, one_of(0, _PRCTL, ALLOW, deny))),
        on(NUMBERS["seccomp"], when(0, EQUAL, _SET_FILTER, filters, answer(deny))),
        *(on(NUMBERS[name], one_of(0, (0,), ALLOW, deny)) for name in _ABOUT_ONESELF),
    ]

"""Every rule of the filter, by the call that got out of a cage without it; the program is run without a kernel.

Each row dies with its rule: try it by deleting the line of `shadow/cage/rules.py` (or `program.py`) that it names.
"""

from __future__ import annotations

import errno
import os

import pytest

from shadow.cage.numbers import NUMBERS
from shadow.cage.program import ALLOW, KILL, NOTIFY, refuse
from shadow.cage.rules import ALLOWED, APART, DENY, digest, is_own_fork, is_plain_fork, no_fork, rules
from tests.cage import machine

FORK, THREAD, NEWUSER = 0x01200011, 0x003D0F00, 0x10000000
NOT_THERE = refuse(errno.ENOSYS)
DENIED = [  # call, arguments, the rule that denies it
    ("socket", (2, 2, 0), "_sockets: stream (UDP, and with it names)"),
    ("socket", (2, 3, 1), "_sockets: stream (raw)"),
    ("socket", (2, 1, 262), "_sockets: tcp (MPTCP walks past Landlock)"),
    ("socket", (2, 1, 132), "_sockets: tcp (SCTP)"),
    ("socket", (10, 1, 262), "_sockets: tcp (MPTCP over IPv6)"),
    ("socket", (1, 1, 0), "_sockets: inet (pathname sockets, as docker.sock)"),
    ("socket", (16, 3, 0), "_sockets: inet (netlink)"),
    ("socket", (40, 1, 0), "_sockets: inet (vsock)"),
    ("socketpair", (1, 2, 0), "_sockets: pair (a datagram pair sends to any path)"),
    ("socketpair", (1, 5, 0), "_sockets: pair"),
    ("socketpair", (2, 1, 0), "_sockets: socketpair's family"),
    ("sendto", (3, 0, 1, 0x20000000, 0, 0), "_sockets: FAST_OPEN (connects without connect)"),
    ("sendmsg", (3, 0, 0x20000000), "_sockets: FAST_OPEN"),
    ("sendmmsg", (3, 0, 1, 0x20000000), "_sockets: FAST_OPEN"),
    ("setsockopt", (3, 0, 35), "_options: ip (joining a group sends)"),
    ("setsockopt", (3, 41, 20), "_options: ipv6 (joining a group sends)"),
    ("setsockopt", (3, 6, 30), "_options: tcp (fast open by option)"),
    ("setsockopt", (3, 6, 31), "_options: tcp (loads a module)"),
    ("setsockopt", (3, 1, 50), "_options: own (programs for the kernel)"),
    ("setsockopt", (3, 263, 1), "_options: rest"),
    ("connect", (3, 0, 16), "ALLOWED: connect is asked"),
    ("bind", (3, 0, 16), "ALLOWED: no address"), ("listen", (3, 1), "ALLOWED"), ("accept4", (3, 0, 0, 0), "ALLOWED"),
    ("clone", (FORK | NEWUSER,), "_processes: process (namespaces)"),
    ("clone", (FORK | 0x8000,), "_processes: process (CLONE_PARENT: a sibling that nobody expects)"),
    ("clone", (0x4111,), "_processes: process (vfork by clone)"),
    ("clone", (THREAD | NEWUSER,), "_processes: thread (namespaces)"),
    ("fork", (), "ALLOWED: not by this number"), ("vfork", (), "ALLOWED: not by this number"),
    ("execve", (0, 0, 0), "ALLOWED"), ("execveat", (3, 0, 0, 0, 0), "ALLOWED"),
    ("ioctl", (3, 0x40086602), "_files: _IOCTL (FS_IOC_SETFLAGS on what is open to read)"),
    ("ioctl", (0, 0x5412), "_files: _IOCTL (TIOCSTI types into a terminal)"),
    ("fcntl", (3, 6), "_files: _FCNTL (F_SETLK stalls whoever needs the file)"),
    ("fcntl", (3, 37), "_files: _FCNTL (F_OFD_SETLK)"), ("fcntl", (3, 1024), "_files: _FCNTL (F_SETLEASE)"),
    ("fcntl", (3, 8), "_files: _FCNTL (F_SETOWN sends signals)"), ("flock", (3, 2), "ALLOWED"),
    ("prctl", (1, 0), "_oneself: killed (to outlive the parent)"), ("prctl", (1, 15), "_oneself: killed"),
    ("prctl", (4, 0), "_PRCTL (PR_SET_DUMPABLE)"), ("prctl", (36, 1), "_PRCTL (PR_SET_CHILD_SUBREAPER)"),
    ("prctl", (0x59616D61, 1), "_PRCTL (PR_SET_PTRACER)"),
    ("seccomp", (1, 8), "_oneself: filters (a listener of its own)"), ("seccomp", (3, 0), "_oneself: _SET_FILTER"),
    ("prlimit64", (1,), "_ABOUT_ONESELF"), ("sched_setaffinity", (1,), "_ABOUT_ONESELF"),
    ("getpgid", (1,), "_ABOUT_ONESELF"), ("getsid", (1,), "_ABOUT_ONESELF"),
    *((name, (), "ALLOWED") for name in (
        "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open", "pidfd_send_signal",
        "pidfd_getfd", "setsid", "setpgid", "setpriority", "sched_setscheduler", "sched_setattr", "ioprio_set",
        "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "process_madvise",
        "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime", "utimes",
        "utimensat", "futimesat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "setxattrat", "file_setattr",
        "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "mkdir",
        "mkdirat", "rmdir", "mknod", "mknodat", "creat", "truncate", "ftruncate", "fallocate", "open_by_handle_at",
        "name_to_handle_at", "inotify_init", "fanotify_init", "memfd_create", "memfd_secret", "sync", "syncfs",
        "io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd", "keyctl",
        "add_key", "request_key", "mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "fsopen",
        "shmget", "shmat", "semget", "msgget", "mq_open", "personality", "settimeofday", "clock_settime",
        "sethostname", "setuid", "setgid", "setresuid", "setgroups", "capset", "landlock_create_ruleset", "syslog",
        "modify_ldt", "iopl", "reboot", "kexec_load", "init_module", "finit_module", "swapon", "quotactl", "vhangup",
        "set_mempolicy", "migrate_pages", "move_pages",
    )),
]  # fmt: skip
LET_THROUGH = [
    ("socket", (2, 1 | 0o2000000, 6)), ("socket", (10, 1 | 0o4000, 0)), ("socketpair", (1, 1 | 0o2000000, 0)),
    ("sendto", (3, 0, 1, 0x4000)), ("sendmsg", (3, 0, 0)), ("setsockopt", (3, 6, 1)), ("setsockopt", (3, 1, 9)),
    ("setsockopt", (3, 0, 1)), ("setsockopt", (3, 41, 26)),
    ("clone", (THREAD,)), ("openat", (-100, 0, os.O_RDONLY | os.O_CLOEXEC)),
    ("open", (0, os.O_RDONLY | os.O_DIRECTORY)),
    ("ioctl", (0, 0x5401)), ("fcntl", (3, 3)), ("fcntl", (3, 1030)), ("prctl", (15, 0)), ("prctl", (1, 9)),
    ("prlimit64", (0,)), ("sched_setaffinity", (0,)), ("seccomp", (1, 0)),
    *((name, ()) for name in ("read", "mmap", "futex", "exit_group", "epoll_wait", "getrandom", "close_range")),
]  # fmt: skip


@pytest.mark.parametrize("deny", [NOTIFY, DENY])
@pytest.mark.parametrize("abi", [1, 2, 3, 7])
def test_what_is_denied_and_what_is_not(deny: int, abi: int) -> None:
    """The whole table, asked of a listener or refused by the kernel, beside every Landlock."""
    program = rules(deny, False, abi)
    landed = [(call, given, rule) for call, given, rule in DENIED if machine.answer(program, call, *given) != deny]
    assert landed == []
    refused = [(call, given) for call, given in LET_THROUGH if machine.answer(program, call, *given) != ALLOW]
    assert refused == []


@pytest.mark.parametrize("deny", [NOTIFY, DENY])
@pytest.mark.parametrize("abi", [1, 2, 3, 7])
def test_namespaces_of_its_own_allow_a_few_calls_more(deny: int, abi: int) -> None:
    """Listening, programs and processes; whatever else is denied without is denied there (`rules.APART`)."""
    program = rules(deny, True, abi, apart=True)
    forks = {("fork", ()), ("vfork", ()), ("clone", (0x4111,))}
    more = {(call, given) for call, given, _ in DENIED if call in APART} | forks
    landed = {(call, given) for call, given, _ in DENIED if machine.answer(program, call, *given) != deny}
    asked = NOTIFY if deny == NOTIFY else ALLOW
    assert landed == (more if asked == ALLOW else more - forks)
    assert {call for call, _ in more} == {*APART - {"accept"}, "fork", "vfork", "clone"}
    assert [machine.answer(program, call) for call in sorted(APART)] == [ALLOW] * 6
    for call, given in (*forks, ("clone", (FORK,)), ("clone", (0x4111,))):  # `_programs`: each is asked, and so counted
        assert machine.answer(program, call, *given) == asked
    for flags in (FORK | NEWUSER, FORK | 0x8000, FORK | 0x2000, THREAD | NEWUSER):
        assert machine.answer(program, "clone", flags) == deny
    assert is_own_fork(0x4111) and is_own_fork(FORK) and not is_own_fork(FORK | 0x8000)
    assert [machine.answer(program, call, *given) for call, given in LET_THROUGH] == [ALLOW] * len(LET_THROUGH)


@pytest.mark.parametrize("forks", [True, False])
def test_other_ways_into_the_kernel_are_killed(forks: bool) -> None:
    """`only_x86_64`: int 0x80 and x32, whose numbers mean other calls, come to no rule."""
    for program in (rules(NOTIFY, forks, 7), rules(DENY, forks, 7), no_fork()):
        assert machine.answer(program, 102, architecture=0x40000003) == KILL  # socketcall
        assert machine.answer(program, 0x40000000 | NUMBERS["read"]) == KILL


def test_what_is_newer_than_the_table_is_denied() -> None:
    """The last line of `rules`: a number that nobody has looked at does not exist."""
    program = rules(DENY, True, 7)
    assert {machine.answer(program, number) for number in (335, 400, 470, 471, 500, 5000)} == {DENY}


@pytest.mark.parametrize("call", ["clone3", "openat2"])
def test_calls_whose_arguments_are_in_memory_are_not_there(call: str) -> None:
    """The C library falls back to the ones whose arguments a filter can see."""
    for deny in (NOTIFY, DENY):
        assert machine.answer(rules(deny, True, 7), call) == NOT_THERE
    assert machine.answer(no_fork(), "clone3") == NOT_THERE


def test_a_fork_is_asked_where_somebody_listens() -> None:
    """`_processes: plain`: asked one by one; allowed where nobody listens and forks are wanted; else denied."""
    each = [(deny, forks) for deny in (NOTIFY, DENY) for forks in (True, False)]
    answers = [machine.answer(rules(deny, forks, 7), "clone", FORK) for deny, forks in each]
    assert answers == [NOTIFY, NOTIFY, ALLOW, DENY]
    for flags in (FORK | NEWUSER, FORK | 0x8000, 0x4111, THREAD | NEWUSER):  # `_processes: process`, `thread`
        assert machine.answer(rules(DENY, True, 7), "clone", flags) == DENY
    assert is_plain_fork(FORK) and not any(map(is_plain_fork, (FORK | NEWUSER, FORK | 0x8000, THREAD, 0x4111)))


def test_the_second_filter_takes_the_fork_and_nothing_else() -> None:
    """`no_fork`: no process by any number; threads and all else are the first filter's business."""
    program = no_fork()
    assert {machine.answer(program, call, FORK) for call in ("fork", "vfork", "clone")} == {DENY}
    assert {machine.answer(program, call) for call in ("read", "kill", "socket", "mount")} == {ALLOW}
    assert machine.answer(program, "clone", THREAD) == ALLOW


@pytest.mark.parametrize("flags", [os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_TMPFILE | os.O_RDWR])
def test_opening_to_write_is_asked_and_else_left_to_landlock(flags: int) -> None:
    """`_files: writing`: a listener hears of each; where none is, Landlock refuses."""
    for call, given in (("open", (0, flags)), ("openat", (-100, 0, flags))):
        assert machine.answer(rules(NOTIFY, False, 7), call, *given) == NOTIFY
        assert machine.answer(rules(DENY, False, 7), call, *given) == ALLOW


@pytest.mark.parametrize("abi", [1, 2])
def test_old_landlock_does_not_know_what_truncating_is(abi: int) -> None:
    """`_files: emptying`: O_TRUNC on what is opened to read is denied below ABI 3, as is truncate()."""
    program = rules(DENY, False, abi)
    for flags in (os.O_TRUNC, os.O_TRUNC | os.O_CREAT, os.O_TRUNC | os.O_CLOEXEC):
        assert machine.answer(program, "openat", -100, 0, flags) == DENY
        assert machine.answer(program, "open", 0, flags) == DENY
    assert machine.answer(program, "truncate") == DENY
    assert machine.answer(program, "openat", -100, 0, os.O_WRONLY | os.O_TRUNC) == ALLOW  # Landlock's WRITE_FILE


def test_the_table_is_the_kernels() -> None:
    """Names and numbers as this machine's own headers have them, where they are."""
    assert len(set(NUMBERS.values())) == len(NUMBERS) and set(NUMBERS) >= ALLOWED
    known = {"read": 0, "connect": 42, "clone": 56, "execve": 59, "seccomp": 317, "clone3": 435, "file_setattr": 469}
    assert {name: NUMBERS[name] for name in known} == known


def test_a_filter_is_known_by_its_digest() -> None:
    """Another rule, another digest; the same arguments, the same one."""
    assert digest(rules(NOTIFY, True, 7)) == digest(rules(NOTIFY, True, 3)) != digest(rules(NOTIFY, True, 2))

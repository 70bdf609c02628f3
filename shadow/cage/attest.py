"""What the kernel says about a caged process, read by another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NAMESPACES = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
_LISTENS = "0A"  # TCP_LISTEN, as the kernel writes it
_CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapAmb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A process as the kernel shows it.

    Attributes:
        parent: its parent's id; `user`: its effective user's.
        no_new_privs: whether it can never gain a privilege by running a program.
        seccomp: 2 where a filter is in force; `filters`: how many.
        capabilities: those it has or could take, as bits.
        namespaces: kind to the inode that tells them apart; empty where they cannot be read.
    """

    pid: int
    parent: int
    user: int
    no_new_privs: bool
    seccomp: int
    filters: int
    capabilities: int
    namespaces: Mapping[str, int]

    @property
    def problem(self) -> str:
        """Why this process is not caged, in words; empty where it is."""
        if not self.no_new_privs:
            return "it could still gain privileges (NoNewPrivs: 0)"
        if self.seccomp != 2 or self.filters < 1:
            return f"no filter of system calls is in force (Seccomp: {self.seccomp}, filters: {self.filters})"
        return f"it has capabilities ({self.capabilities:x})" if self.capabilities else ""


def attest(pid: int, *, namespaces: bool = True) -> Attestation:
    """What the kernel says about a process.

    Raises:
        ProcessLookupError: it is gone.
    """
    status = status_of(pid)
    capabilities = 0
    for name in _CAPABILITIES:
        capabilities |= int(status[name], 16)
    return Attestation(
        pid=pid,
        parent=int(status["PPid"]),
        user=int(status["Uid"].split()[1]),
        no_new_privs=status.get("NoNewPrivs") == "1",
        seccomp=int(status.get("Seccomp", "0")),
        filters=int(status.get("Seccomp_filters", status.get("Seccomp") == "2")),  # not told before Linux 5.9
        capabilities=capabilities,
        namespaces=_namespaces(pid) if namespaces else {},
    )


def status_of(pid: int) -> dict[str, str]:
    """A process's (or a thread's) /proc status.

    Raises:
        ProcessLookupError: it is gone.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, ProcessLookupError) as error:
        raise ProcessLookupError(f"process {pid} is gone") from error
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def listening(pid: int) -> set[int]:
    """The TCP ports that somebody listens on in a process's network; empty where that cannot be read."""
    found = set()
    for name in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/{pid}/net/{name}").read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        rows = [line.split() for line in lines]
        found |= {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == _LISTENS}
    return found


def _namespaces(pid: int) -> dict[str, int]:
    found = {}
    for kind in NAMESPACES:
        try:
            found[kind] = Path(f"/proc/{pid}/ns/{kind}").stat().st_ino
        except OSError:  # another user's, or gone
            continue
    return found

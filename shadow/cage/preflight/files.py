"""Changes to files and directories of the harness, which the cage lets be read."""

from __future__ import annotations

import mmap
import os
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

from shadow.cage.preflight import calls
from shadow.cage.preflight.bench import Bench
from shadow.cage.preflight.model import Group, Scene

FILES = Group("files")
WAS = b"as it was\n"
_HERE = -100  # AT_FDCWD


def _appears(bench: Bench, make: Callable[[Path], object]) -> Scene:
    """An attempt to make something where nothing was."""
    path = bench.room / "new"
    return Scene(attempt=lambda: make(path), landed=lambda _: os.path.lexists(path))


def _changes(bench: Bench, change: Callable[[Path], object]) -> Scene:
    """An attempt to change what is in a file, or that it is there."""
    path = bench.file(content=WAS)
    return Scene(attempt=lambda: change(path), landed=lambda _: not path.exists() or path.read_bytes() != WAS)


def _write(path: Path, flags: int) -> None:
    os.write(os.open(path, flags, 0o600), b"changed")


@FILES.attack("create a file")
def create(bench: Bench) -> Scene:
    """The plainest write."""
    return _appears(bench, lambda path: _write(path, os.O_CREAT | os.O_WRONLY))


@FILES.attack("create a file by openat2")
def create_openat2(bench: Bench) -> Scene:
    """The newer call, whose arguments no filter can read."""
    how = struct.pack("=QQQ", os.O_CREAT | os.O_WRONLY, 0o600, 0)

    def make(path: Path) -> None:
        calls.call(calls.OPENAT2, _HERE, str(path).encode() + b"\0", calls.buffer(how), len(how))

    return _appears(bench, make)


@FILES.attack("create a file without a name, then give it one")
def create_nameless(bench: Bench) -> Scene:
    """O_TMPFILE and linkat."""

    def make(path: Path) -> None:
        number = os.open(path.parent, os.O_TMPFILE | os.O_WRONLY, 0o600)
        calls.call(calls.LINKAT, _HERE, f"/proc/self/fd/{number}\0".encode(), _HERE, str(path).encode() + b"\0", 0x400)

    return _appears(bench, make)


FILES.attack("make a directory")(lambda bench: _appears(bench, os.mkdir))
FILES.attack("make a symbolic link")(lambda bench: _appears(bench, lambda path: path.symlink_to("/")))
FILES.attack("make a FIFO")(lambda bench: _appears(bench, os.mkfifo))


@FILES.attack("make a hard link")
def hard_link(bench: Bench) -> Scene:
    """A second name keeps alive what its owner removes."""
    target = bench.file()
    return _appears(bench, lambda path: os.link(target, path))


@FILES.attack("overwrite a file")
def overwrite(bench: Bench) -> Scene:
    """Open for writing."""
    return _changes(bench, lambda path: _write(path, os.O_WRONLY))


@FILES.attack("append to a file")
def append(bench: Bench) -> Scene:
    """As into authorized_keys or a crontab."""
    return _changes(bench, lambda path: _write(path, os.O_WRONLY | os.O_APPEND))


@FILES.attack("truncate a file by path")
def truncate(bench: Bench) -> Scene:
    """Landlock before ABI 3 does not see it."""
    return _changes(bench, lambda path: os.truncate(path, 0))


@FILES.attack("truncate a file by opening it to read")
def truncate_read(bench: Bench) -> Scene:
    """O_RDONLY with O_TRUNC; Landlock before ABI 3 does not see it."""
    return _changes(bench, lambda path: os.open(path, os.O_RDONLY | os.O_TRUNC))


@FILES.attack("truncate a file by opening it to read (the old call)")
def truncate_read_old(bench: Bench) -> Scene:
    """open() has its flags in another place than openat()."""
    return _changes(bench, lambda path: calls.call(2, str(path).encode() + b"\0", os.O_RDONLY | os.O_TRUNC, 0))


@FILES.attack("truncate a file by opening it neither to read nor to write")
def truncate_neither(bench: Bench) -> Scene:
    """Access mode 3 is for commands alone; with O_TRUNC it empties, and Landlock before ABI 3 does not see it."""
    return _changes(bench, lambda path: os.open(path, 3 | os.O_TRUNC))


@FILES.attack("truncate a file by creat")
def truncate_creat(bench: Bench) -> Scene:
    """The oldest call of the kind."""
    return _changes(bench, lambda path: calls.call(85, str(path).encode() + b"\0", 0o600))


@FILES.attack("write through a shared mapping")
def mapping(bench: Bench) -> Scene:
    """No write() at all."""

    def change(path: Path) -> None:
        with mmap.mmap(os.open(path, os.O_RDWR), 0) as shared:
            shared[0:7] = b"changed"

    return _changes(bench, change)


FILES.attack("remove a file")(lambda bench: _changes(bench, os.unlink))
FILES.attack("rename a file")(lambda bench: _changes(bench, lambda path: path.rename(path.with_name("other"))))


@FILES.attack("rename over a file")
def rename_over(bench: Bench) -> Scene:
    """As editors save."""
    other = bench.file("other", b"changed")
    return _changes(bench, other.replace)


@FILES.attack("exchange two files")
def exchange(bench: Bench) -> Scene:
    """renameat2 with RENAME_EXCHANGE."""
    other = str(bench.file("other", b"changed")).encode() + b"\0"
    return _changes(bench, lambda path: calls.call(calls.RENAMEAT2, _HERE, str(path).encode() + b"\0", _HERE, other, 2))


@FILES.attack("remove a directory")
def remove_directory(bench: Bench) -> Scene:
    """An empty one."""
    path = bench.room / "directory"
    path.mkdir()
    return Scene(attempt=path.rmdir, landed=lambda _: not path.exists())


@FILES.attack("write into a FIFO")
def fifo(bench: Bench) -> Scene:
    """Somebody reads at its other end; a read-only mount lets it through."""
    path = bench.room / "fifo"
    os.mkfifo(path, 0o600)
    reading = bench.opened(path, os.O_RDONLY | os.O_NONBLOCK)
    return Scene(attempt=lambda: _write(path, os.O_WRONLY), landed=lambda _: bool(_read(reading)))


def _read(number: int) -> bytes:
    try:
        return os.read(number, 100)
    except BlockingIOError:
        return b""


@FILES.attack("write into a SQLite file")
def sqlite(bench: Bench) -> Scene:
    """As agents keep their memory."""
    path = bench.room / "db"
    with sqlite3.connect(path) as made:
        made.execute("create table t (x)")
    made.close()
    before = path.read_bytes()

    def attempt() -> None:
        try:
            with sqlite3.connect(path) as opened:
                opened.execute("insert into t values (1)")
        except sqlite3.OperationalError as error:
            raise OSError(1, str(error)) from error

    return Scene(attempt=attempt, landed=lambda _: path.read_bytes() != before or len(list(bench.room.iterdir())) > 1)


def _in_memory_directory(bench: Bench, where: str) -> Scene:
    path = Path(where) / f"shadow-preflight-{bench.room.name}"
    bench.after(path.unlink)
    return Scene(attempt=lambda: _write(path, os.O_CREAT | os.O_WRONLY), landed=lambda _: path.exists())


FILES.attack("create a file in /dev/shm")(lambda bench: _in_memory_directory(bench, "/dev/shm"))
FILES.attack("create a file in /tmp")(lambda bench: _in_memory_directory(bench, "/tmp"))
FILES.attack("create a file in /var/tmp")(lambda bench: _in_memory_directory(bench, "/var/tmp"))


@FILES.attack("open a file by its handle")
def by_handle(bench: Bench) -> Scene:
    """Past every path; needs a capability that containers have had."""
    path, facts, mount = bench.file(content=WAS), calls.buffer(struct.pack("=Ii", 128, 0) + bytes(128)), calls.buffer(8)

    def attempt() -> None:
        calls.call(calls.NAME_TO_HANDLE, _HERE, str(path).encode() + b"\0", facts, mount, 0)
        place = os.open(path.parent, os.O_RDONLY)
        os.write(calls.call(calls.OPEN_BY_HANDLE, place, facts, os.O_WRONLY), b"changed")

    return Scene(attempt=attempt, landed=lambda _: path.read_bytes() != WAS)


@FILES.attack("mount in a namespace of one's own")
def mount(bench: Bench) -> Scene:
    """Where unshare works, so does every mount in it; it goes with its process."""
    place = bench.room / "mount"
    place.mkdir()

    def attempt() -> None:
        calls.call(calls.UNSHARE, 0x00020000 | (0x10000000 if os.geteuid() else 0))
        calls.call(calls.MOUNT, b"none\0", b"/\0", None, (1 << 18) | 16384, None)
        calls.call(calls.MOUNT, b"tmpfs\0", str(place).encode() + b"\0", b"tmpfs\0", 0, b"size=64k\0")

    return Scene(
        attempt=attempt, landed=lambda look: str(place) in (look.proc / "mountinfo").read_text(encoding="utf-8")
    )

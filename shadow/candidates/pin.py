"""The pin of a candidate: one digest over everything of its own that decides what it does.

Third-party packages are not in it, and neither is a model behind an address: only the ids it names.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shadow.candidates.model import Candidate, Command, Service
from shadow.doors.plain import plain
from shadow.errors import CandidateError

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_][\w.]*)?")
_OURS = "shadow.examples."  # an example is pinned by its own package, not by all of shadow


def pin_of(
    target: str, *, root: str, files: Sequence[str] = (), settings: Mapping[str, Any], models: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    """SHA-256 (64 hexadecimal digits) over source tree, files, settings, target, models and environment.

    The source tree is that of the target's top-level package, or its one module file; directories called
    `__pycache__`, hidden directories and compiled files are left out.

    Args:
        target: "package.module:function".
        root: the directory that it is imported from.
        files: glob patterns relative to `root`.
        settings: JSON data.
        models: model ids.
        environment: the variables that it finds.

    Raises:
        CandidateError: no such module, a pattern that matches nothing, or settings that are no JSON.
    """
    named = {"settings": dict(settings), "target": target, "models": list(models)}
    more = {"environment": dict(environment)} if environment else {}
    return _digest([*_tree(target, root), *_matched(files, root)], {**named, **more}, target)


def pin_of_program(
    program: Command | Service, *, root: str, files: Sequence[str] = (), settings: Mapping[str, Any],
    models: Sequence[str] = (), environment: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    """SHA-256 (64 hexadecimal digits) over a program's source tree, files, command line, settings and environment.

    The source tree is that of each argument which names a file below `root` (its directory, with all below), or a
    module there, as `desk:app` or `desk.main`. Directories called `node_modules` or `__pycache__`, hidden and virtual
    environments' directories and compiled files are left out; so is the interpreter.

    Raises:
        CandidateError: nothing of its own is found, a pattern matches nothing, or settings are no JSON.
    """
    line = shlex.join(program.command)
    own = {label: path for one in program.command for label, path in _named(one, root)}
    own |= dict(_matched(files, root))
    if not own:
        raise CandidateError(
            "nothing of its own could be pinned", where=line, seen=f"no argument names a file or a module below {root}",
            todo="give root=, the directory that it runs in, and files=, patterns of what it consists of",
        )  # fmt: skip
    named = {
        "program": {"kind": type(program).__name__.lower(), **asdict(program)}, "settings": dict(settings),
        "models": list(models), "environment": dict(environment or {}),
    }  # fmt: skip
    return _digest(sorted(own.items()), named, line)


def pin_now(candidate: Candidate) -> str:
    """The pin that a candidate would get if it were declared now.

    Raises:
        CandidateError: its source is gone.
    """
    if candidate.program is not None:
        return pin_of_program(
            candidate.program, root=candidate.root, files=candidate.files, settings=candidate.settings,
            models=candidate.models, environment=candidate.environment,
        )  # fmt: skip
    return pin_of(
        candidate.target, root=candidate.root, files=candidate.files, settings=candidate.settings,
        models=candidate.models, environment=candidate.environment,
    )  # fmt: skip


def _digest(paths: Sequence[tuple[str, Path]], named: Mapping[str, Any], where: str) -> str:
    digest = hashlib.sha256()
    for label, path in paths:
        _add(digest, label.encode())
        _add(digest, _read(path))
    try:
        given = plain(dict(named), "candidate")
    except TypeError as error:
        raise CandidateError(str(error), where=where, allowed="JSON data") from error
    _add(digest, _canonical(given))
    return digest.hexdigest()


def _named(argument: str, root: str) -> Iterator[tuple[str, Path]]:
    """The sources of the program that an argument names, where it names one below the root."""
    home = Path(root)
    path = home / argument
    PathFinder.invalidate_caches()
    if path.is_file() and path.resolve().is_relative_to(home.resolve()):
        folder = path.parent if path.parent.is_relative_to(home) else home
        for one in _sources(folder, leave_out=_is_foreign):
            yield f"source {one.relative_to(home).as_posix()}", one
    elif _MODULE.fullmatch(argument) and PathFinder.find_spec(re.split(r"[.:]", argument)[0], [root]):
        yield from _tree(argument, root)


def _is_foreign(folder: Path) -> bool:
    return folder.name == "node_modules" or (folder / "pyvenv.cfg").exists()


def root_of(target: str) -> str:
    """The directory that the target's top-level module is found in, on this process's own path.

    Raises:
        CandidateError: it is not found.
    """
    places = _places(target, find_top(target, None))
    return str(places[0].parent)


def find_top(target: str, root: str | None) -> ModuleSpec:
    """Where the target's top-level module is, without importing it.

    Raises:
        CandidateError: there is no such module.
    """
    top = target.partition(":")[0].partition(".")[0]
    PathFinder.invalidate_caches()
    found = PathFinder.find_spec(top, None if root is None else [root])
    if found is None and root is None:
        found = find_spec(top)  # an editable install has a finder of its own
    if found is None:
        raise CandidateError(
            f"no module is called {top!r}", where=target, seen=f"looked in {root or 'the import path'}",
            allowed="package.module:function", todo="give root=, the directory that holds it",
        )  # fmt: skip
    return found


def _places(target: str, spec: ModuleSpec) -> list[Path]:
    if spec.submodule_search_locations:
        return [Path(place) for place in sorted(spec.submodule_search_locations)]
    if spec.origin is None or not Path(spec.origin).is_file():
        raise CandidateError("it has no source that could be pinned", where=target, seen=str(spec.origin))
    return [Path(spec.origin)]


def _tree(target: str, root: str) -> Iterator[tuple[str, Path]]:
    module = target.partition(":")[0]
    for place in _places(target, find_top(target, root)):
        start = place
        if module.startswith(_OURS) and place.is_dir():
            start = place / "examples" / module.removeprefix(_OURS).partition(".")[0]
        paths = _sources(start) if start.is_dir() else [place]
        if not paths:
            raise CandidateError("its package is empty", where=target, seen=str(start))
        for path in paths:
            yield f"source {path.relative_to(place.parent).as_posix()}", path


def _sources(start: Path, *, leave_out: Callable[[Path], bool] = lambda _: False) -> list[Path]:
    found: list[Path] = []
    for folder, below, names in os.walk(start):
        for name in below:
            if (Path(folder) / name).is_symlink() and not name.startswith(".") and not leave_out(Path(folder) / name):
                raise CandidateError(
                    "a linked directory cannot be pinned",
                    where=str(Path(folder) / name),
                    todo="copy it, or move it out",
                )
        below[:] = [name for name in below if name != "__pycache__" and not name.startswith(".")]
        below[:] = [name for name in below if not leave_out(Path(folder) / name)]
        found += [Path(folder) / name for name in names if not name.endswith((".pyc", ".pyo"))]
    return sorted(found)


def _matched(patterns: Sequence[str], root: str) -> Iterator[tuple[str, Path]]:
    for pattern in patterns:
        if not pattern or Path(pattern).is_absolute():
            raise CandidateError("a pattern is relative to root", where=f"files {pattern!r}", seen=root)
        paths = sorted(path for path in Path(root).glob(pattern) if path.is_file())
        if not paths:
            raise CandidateError(
                "no file matches", where=f"files {pattern!r}", seen=root, todo="correct the pattern, or leave it out"
            )
        for path in paths:
            yield f"file {path.relative_to(root).as_posix()}", path


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CandidateError("cannot be read", where=str(path), seen=str(error.strerror)) from error


def _add(digest: Any, part: bytes) -> None:
    digest.update(len(part).to_bytes(8, "big"))
    digest.update(part)


def _canonical(data: Any) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()

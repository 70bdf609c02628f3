"""What a candidate's pin is made of, part by part, so that a change of the pin can be named."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from shadow.candidates.model import Candidate
from shadow.candidates.pin import pin_of, pin_of_program
from shadow.contract import digest
from shadow.errors import CandidateError


def parts_of(candidate: Candidate) -> dict[str, str]:
    """Part to digest: source, each file by its path, settings and environment; of models the ids themselves.

    The names, never the contents: of settings and environment a digest alone is given. Empty where the source is gone.
    """
    try:
        return dict(_parts(candidate))
    except (CandidateError, OSError):
        return {}


def _parts(candidate: Candidate) -> Iterator[tuple[str, str]]:
    one, root = candidate, candidate.root
    yield "target", one.target
    if one.program is not None:
        yield "source", pin_of_program(one.program, root=root, files=one.files, settings={})
    else:
        yield "source", pin_of(one.target, root=root, settings={})
    for path in sorted({path for pattern in one.files for path in Path(root).glob(pattern) if path.is_file()}):
        yield f"file {path.relative_to(root).as_posix()}", sha256(path.read_bytes()).hexdigest()
    yield "models", ", ".join(one.models)
    yield "settings", digest(dict(one.settings))
    yield "environment", digest(dict(one.environment))

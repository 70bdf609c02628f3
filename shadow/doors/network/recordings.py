"""What models had answered, so that a resume of the same replay does not pay twice; nobody else reads it.

A replay taken again for noise has another repeat, so it finds nothing here and asks anew.
"""

from __future__ import annotations

import base64
import json
import os
import tempfile
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from shadow.doors.network.usage import Usage
from shadow.errors import StoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call of a model within one replay.

    Attributes:
        experiment, case: whose replay it is.
        repeat: 0 for the replay that is compared; n for the nth taken again for noise.
        step: how many calls of the same digest this replay had had an answer to before, plus 1. Calls that
            run at once may end in another order on a resume: counting each digest by itself holds all the same.
        digest: SHA-256 of the request, in hexadecimal.
    """

    experiment: str
    case: str
    repeat: int
    step: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An answer that was paid for.

    Attributes:
        status: 200 to 299; only a whole, good answer is recorded.
        headers: as passed on, names in lower case.
        body: the whole body, an event stream as it was.
        duration_s: seconds from the request to the answer's end when it was asked.
        usage: what it had used.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    duration_s: float
    usage: Usage

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; the body as base64."""
        used = self.usage
        return {
            "status": self.status,
            "headers": [list(pair) for pair in self.headers],
            "body": base64.b64encode(self.body).decode("ascii"),
            "duration_s": self.duration_s,
            "model": used.model,
            "tokens": [used.tokens_in, used.tokens_out],
            "cost_usd": None if used.cost_usd is None else str(used.cost_usd),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Recorded:
        """The answer that `to_json` wrote."""
        cost = data["cost_usd"]
        return cls(
            status=data["status"],
            headers=tuple((name, value) for name, value in data["headers"]),
            body=base64.b64decode(data["body"]),
            duration_s=data["duration_s"],
            usage=Usage(
                model=data["model"], tokens_in=data["tokens"][0], tokens_out=data["tokens"][1],
                cost_usd=None if cost is None else Decimal(cost),
            ),
        )  # fmt: skip


class Recordings(Protocol):
    """Where answers are kept; called from threads, several at once."""

    def find(self, step: Step) -> Recorded | None:
        """The answer of exactly this step, or None."""
        ...

    def keep(self, step: Step, recorded: Recorded) -> None:
        """Keep it; durable when this returns. The first answer of a step stays."""
        ...


class MemoryRecordings:
    """Recordings that end with the process."""

    def __init__(self) -> None:
        self._known: dict[Step, Recorded] = {}
        self._lock = Lock()

    def find(self, step: Step) -> Recorded | None:
        """The answer of exactly this step, or None."""
        return self._known.get(step)

    def keep(self, step: Step, recorded: Recorded) -> None:
        """Keep it; the first answer of a step stays."""
        with self._lock:
            self._known.setdefault(step, recorded)


class FileRecordings:
    """Recordings as files in a folder that only this user can read, one an answer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def find(self, step: Step) -> Recorded | None:
        """The answer of exactly this step, or None.

        Raises:
            StoreError: the file cannot be read as what `keep` wrote.
        """
        path = self._path(step)
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            same = data["step"] == self._named(step)
            return Recorded.from_json(data["answer"]) if same else None
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise StoreError("a recorded answer cannot be read", where=path.name, seen=type(error).__name__) from error

    def keep(self, step: Step, recorded: Recorded) -> None:
        """Keep it, whole or not at all; the first answer of a step stays."""
        text = json.dumps({"step": self._named(step), "answer": recorded.to_json()})
        with tempfile.NamedTemporaryFile("w", dir=self._folder, encoding="utf-8", delete=False) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(file.name, self._path(step))
        except FileExistsError:
            return
        finally:
            Path(file.name).unlink()

    def _path(self, step: Step) -> Path:
        return self._folder / f"{sha256(json.dumps(self._named(step)).encode()).hexdigest()}.json"

    @staticmethod
    def _named(step: Step) -> list[Any]:
        return [step.experiment, step.case, step.repeat, step.step, step.digest]

"""A candidate that is an HTTP service, unchanged: started anew for each case, asked once, ended with all below it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from shadow.candidates.command import of_program
from shadow.candidates.model import Candidate, Service
from shadow.errors import CandidateError

_PATH = re.compile(r"/[!-~]*")


def served(
    line: Sequence[str],
    *,
    port: int,
    label: str,
    root: str,
    path: str = "/handle",
    models: Sequence[str] = (),
    files: Sequence[str] = (),
    usd_per_call: str = "0",
    environment: Mapping[str, str] | None = None,
) -> Candidate:
    """A pinned candidate; nothing of it is run here.

    The service runs in `root`, in namespaces of its own, whose network is a loopback that nobody else is on. Once it
    listens on `127.0.0.1:<port>`, the case's input is posted to `path` as JSON; the JSON object that it answers with a
    status of 200 to 299 is the case's value. The header `Shadow-Now` tells the moment as of which the case is to be
    seen. Its own HTTP calls meet the network door (`shadow.doors.routes`). Its start is not counted to its time.

    Args:
        line: the program and its arguments. Its name is looked for beside this Python and in the system's
            directories; with a "/" in it, it is a path below `root`.
        port: where it listens, 1024 to 65535.
        label: what people call this version.
        root: the directory that it runs in, and may read.
        path: what is posted to.
        models: the model ids that it is meant to use.
        files: glob patterns relative to `root`: what it consists of besides its own source tree.
        usd_per_call: United States dollars a tool call is taken to cost, a decimal text ≥ 0.
        environment: variables that it finds, as `OPENAI_API_KEY` with a dummy: the network door adds the real one.

    Raises:
        CandidateError: the command line, port, path, a file, a variable or the price are not as above.

    Example:
        served(["uvicorn", "desk:app"], port=8000, path="/handle", label="2026-11-01", root="services/desk")
    """
    if not isinstance(port, int) or not 1023 < port < 65536:
        raise CandidateError("no port", where=f"candidate {label!r}: port", seen=str(port), allowed="1024 to 65535")
    if not _PATH.fullmatch(path):
        raise CandidateError("no path", where=f"candidate {label!r}: path", seen=path[:100], allowed='"/handle"')
    return of_program(
        Service(command=tuple(line), port=port, path=path), label=label, root=root, models=models, files=files,
        settings={}, usd_per_call=usd_per_call, environment=environment or {},
    )  # fmt: skip

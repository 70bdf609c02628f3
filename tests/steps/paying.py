"""A supervisor that replays a day through an agent which asks a model three times a case, and may be killed on the way.

python paying.py FOLDER URL KILL_AFTER: after so many answers, 0 for never, it says which processes are below it, waits
for a line, and ends itself by SIGKILL. Each case's question is its own, so that the model's host can count them.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from shadow.doors.bindings import bearer, llm, template
from shadow.doors.bindings import python as served
from shadow.setup import Setup, setup
from shadow.steps import plan, replay
from shadow.store import open_store
from tests.replay.desk import below
from tests.steps.desk import CONTRACT, Desk, started

AGENT = """
import json, urllib.request
def handle(case, tools):
    for n in range(3):
        body = {{"model": "small-1", "messages": [{{"role": "user", "content": f"{{case['order']}} {{n}}"}}]}}
        asked = urllib.request.Request("{url}/v1/chat/completions", data=json.dumps(body).encode(),
                                       headers={{"Content-Type": "application/json"}})
        urllib.request.urlopen(asked, timeout=60).read()
        tools.call("orders.get", order=case["order"])
    tools.call("pay", order=case["order"], amount="10", to="x")
    return {{"decision": "approve"}}
"""


def setup_of(folder: Path, url: str, kill_after: int) -> Setup:
    """The desk, whose read ends this process after so many answers."""
    desk = Desk(folder=folder)
    for n in range(6):
        desk.case(f"c{n}")
    given = desk.setup()
    answered = 0

    def order(args: dict[str, Any], _: Any) -> dict[str, Any]:
        nonlocal answered
        answered += 1
        if answered == kill_after:
            sys.stdout.write(" ".join(map(str, below(os.getpid()))) + "\n")
            sys.stdout.flush()
            sys.stdin.readline()
            os.kill(os.getpid(), signal.SIGKILL)
        return {"order": args["order"]}

    return setup(
        CONTRACT,
        bindings={"orders.get": served(order, kind="recorded"), "pay": template({"id": "{held_id}"})},
        source=given.source,
        candidates=[desk.candidate("v1", AGENT.format(url=url))],
        limits=replace(given.limits, at_once=1, seconds=60),
        passes=llm(f"{url}/v1", secret=bearer("llm"), prices={"small-1": ("1", "10")}),
    )


def main(folder: str, url: str, kill_after: str) -> None:
    """Replay whatever of the day is left."""
    place = Path(folder)
    store = open_store(f"sqlite:///{place / 'store.db'}")
    given = setup_of(place, url, int(kill_after))
    run = started(store, given)
    for shard in plan(store, given, run, shard_size=6):
        replay(store, given, run, shard, holder="test")
    sys.stdout.write(f"run {run}\n")
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

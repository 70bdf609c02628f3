"""The refund desk on Airflow: its contract, how its tools are served, and the two versions on trial.

The demonstration's files are under `REFUND_DESK_HOME`, else under `refund_desk` in `SHADOW_HOME` (`.shadow` by
default); `make demo` makes them.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from shadow.adapters.airflow import approval_dag, shadow_dag
from shadow.candidates.python import python
from shadow.connections import variable
from shadow.examples.refund_desk.arrivals import START
from shadow.examples.refund_desk.bindings import BINDINGS, CONNECTION, source
from shadow.examples.refund_desk.contract import REFUNDS
from shadow.examples.refund_desk.home import Home

BESIDE_THE_STORE = Path(os.environ.get("SHADOW_HOME", ".shadow"), "refund_desk")
HOME = Home(root=Path(os.environ.get("REFUND_DESK_HOME", BESIDE_THE_STORE)).resolve())
AGENT = "shadow.examples.refund_desk.agent:handle"
USD_PER_CALL = "0.002"  # what a call of a tool is taken to cost, the model's part included

if HOME.world.exists():
    os.environ.setdefault(variable(CONNECTION), HOME.url())

VERSION_2 = python(AGENT, label="version 2", usd_per_call=USD_PER_CALL)
VERSIONS = [VERSION_2]
if HOME.version_1.exists():  # its faults are drawn when the demonstration is made
    faulty = HOME.settings("version 1")
    VERSIONS.append(python(AGENT, label="version 1", settings=faulty, usd_per_call=USD_PER_CALL))

dag = shadow_dag(
    REFUNDS,
    bindings=BINDINGS,
    source=source(),
    candidate=VERSIONS,
    schedule="@daily",
    start=START,
    end=START + timedelta(days=28),  # when the desk's work ends
    shard_size=400,
)

approval = approval_dag(REFUNDS)  # started by a verdict; waits for people, so that no shadow run has to

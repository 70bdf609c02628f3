"""What a gate says can be written down and read again, and cannot contradict itself."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from shadow.errors import ContractError
from shadow.gates.finding import Finding, Status


def test_json_both_ways() -> None:
    """Through text and back it is the same finding."""
    found = Finding(
        gate="harmful_rate",
        status=Status.FAIL,
        reason="Too much.",
        numbers={"log_e": 4.2, "unit_days": 12},
        needs="less",
        days=3.0,
        rejects=True,
    )
    assert Finding.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize("status", [Status.PASS, Status.INCONCLUSIVE])
def test_only_a_failure_rejects(status: Status) -> None:
    """Not ready never rests on a finding that did not fail."""
    with pytest.raises(ContractError, match="reject"):
        Finding(gate="g", status=status, reason="", rejects=True)


def test_gates_load_without_numpy_or_pandas() -> None:
    """A contract, and so a DAG file, can be read without paying for them."""
    code = "import sys, shadow.gates; print(sorted({'numpy', 'pandas', 'sqlalchemy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

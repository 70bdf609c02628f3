"""A workflow with no tools and an instant candidate: what is measured is ours alone."""

from __future__ import annotations

from pathlib import Path

from comparators.exact import exact
from shadow.candidates.python import python
from shadow.contract import contract, critical
from shadow.gates import harmful_rate
from shadow.setup import Setup, setup
from shadow.sources.jsonl import jsonl


def instant(root: Path) -> Setup:
    """The setup over `cases.jsonl` and `instant.py` in `root`."""
    made = contract(
        "instant",
        owner="benchmarks",
        unit="customer",
        accepts={
            "type": "object",
            "properties": {"customer": {"type": "string"}, "n": {"type": "integer"}},
            "required": ["customer", "n"],
        },
        produces={"type": "object", "properties": {"decision": {"type": "string"}}, "required": ["decision"]},
        tools=[],
        compare={"decision": critical(exact())},
        gates=[harmful_rate(at_most=0.01, alpha=0.05)],
    )
    candidate = python("instant:handle", label="instant", root=str(root))
    return setup(made, bindings={}, source=jsonl(root / "cases.jsonl"), candidates=[candidate])

"""What a task's log says about what it did: one line a step, with its counts, for whoever watches a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def collected(counts: Mapping[str, int]) -> str:
    """What came in, as `21 cases arrived, 3 known before, 0 set aside; 9 outcomes settled, …`."""
    odd = {"doubled": "rows were doubled", "changed": "cases changed", "unknown": "outcomes of unknown cases"}
    rest = [f"{counts[name]} {words}" for name, words in odd.items() if counts.get(name)]
    arrived = f"{_cases(counts['cases'] + counts['known'])} arrived, {counts['known']} known before"
    told = [f"{arrived}, {counts['aside']} set aside", f"{counts['settled']} settled, {counts['revised']} revised"]
    return "; ".join([*told, *rest])


def planned(shards: Sequence[int], counts: Mapping[str, int], size: int) -> str:
    """How much there is to replay, as `5 cases in this run, 1 shard of up to 400 to replay; 16 more are not taken`."""
    if not shards:
        return f"nothing is left to replay; {_cases(counts.get('taken', 0))} were taken before"
    left = f"; {counts['not_taken']} more are not taken" if counts.get("not_taken") else ""
    return f"{_cases(counts.get('taken', 0))} in this run, {_shards(len(shards))} of up to {size} to replay{left}"


def replayed(shard: int, counts: Mapping[str, int]) -> str:
    """How a shard ended, as `shard 0: 5 cases replayed, 0 dead letters, 0 left for another try`."""
    done = f"{_cases(counts['replayed'])} replayed, {counts['dead']} dead letters"
    return f"shard {shard}: {done}, {counts['left']} left for another try"


def to_compare(shards: Sequence[int]) -> str:
    """What waits to be compared."""
    return f"{_shards(len(shards))} to compare" if shards else "nothing to compare: no further case has both sides"


def compared(shard: int, counts: Mapping[str, int]) -> str:
    """What a shard compared."""
    return f"shard {shard}: {_cases(counts['compared'])} compared with what the control did"


def assessed(workflow: str, found: Mapping[str, Any]) -> list[str]:
    """The verdict, each reason for it, and which gates do not pass."""
    open_gates = f"gates that do not pass: {', '.join(found['open'])}" if found["open"] else "every gate passes"
    reasons = [f"because {reason}" for reason in found["reasons"]]
    return [f"{workflow}: {found['verdict']} at the look of {found['look']}", *reasons, open_gates]


def contained(standing: str, headline: str) -> str:
    """How the run's candidate was held, in its certificate's words."""
    return f"contained: {standing}: {headline}"


def _cases(number: int) -> str:
    return f"{number} case{'' if number == 1 else 's'}"


def _shards(number: int) -> str:
    return f"{number} shard{'' if number == 1 else 's'}"

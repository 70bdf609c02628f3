"""Which of a candidate's live reads were stale: the control had already changed what was read."""

from __future__ import annotations

from shadow.case import Case
from shadow.compare.align import key_text
from shadow.contract.model import ESCALATE, Contract, Tool
from shadow.observation import AnswerKind, Effect, Observation, Read


def stale_reads(contract: Contract, case: Case, *, control: Observation, candidate: Observation) -> list[str]:
    """The read tools of which an answer was stale, sorted, each once.

    A live read is stale where one of the control's effects touched the same entity and key between
    the case's beginning and the read. What is not known counts as touching: an effect without a
    moment, a read or an effect without the key, a tool that the contract does not list.
    """
    return sorted({r.tool for r in candidate.reads if _stale(contract, case, r, control.effects)})


def _stale(contract: Contract, case: Case, read: Read, effects: tuple[Effect, ...]) -> bool:
    if read.kind is not AnswerKind.LIVE:
        return read.kind is AnswerKind.STALE
    tool = contract.tool(read.tool)
    if tool is None or not tool.entity:
        return any(effect.at is None or effect.at <= read.at for effect in effects)
    return any(
        effect.at is None or case.began_at <= effect.at <= read.at
        for effect in effects
        if _touches(contract, effect, tool, read)
    )


def _touches(contract: Contract, effect: Effect, tool: Tool, read: Read) -> bool:
    changed = contract.tool(effect.tool)
    if changed is None:
        return effect.tool != ESCALATE
    if changed.entity != tool.entity:
        return False
    if len(changed.key) != len(tool.key) or not tool.key:
        return True
    pairs = zip(tool.key, changed.key, strict=True)
    return all(
        read_name not in read.args
        or name not in effect.args
        or key_text(read.args[read_name]) == key_text(effect.args[name])
        for read_name, name in pairs
    )

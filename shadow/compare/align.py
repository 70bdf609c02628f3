"""The two sides' effects of one write, aligned by key whatever their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from comparators.exact import exact
from shadow.compare.places import MISSING, compared
from shadow.compare.result import Outcome, canonical
from shadow.contract.model import EffectRule
from shadow.observation import Effect

_EXACT = exact()
_MATCHED_AT_MOST = 100  # effects of one key that are matched one to one; more are paired in order


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """What became of one write's effects.

    Attributes:
        same: how many pairs are the same.
        changed: pairs of one key whose arguments differ, with what differs.
        unclear: why pairs that do not differ cannot be compared.
        missing: what only the control did.
        extra: what only the candidate asked for.
    """

    same: int = 0
    changed: tuple[tuple[Effect, Effect, str], ...] = ()
    unclear: tuple[str, ...] = ()
    missing: tuple[Effect, ...] = ()
    extra: tuple[Effect, ...] = ()


def align(control: Sequence[Effect], candidate: Sequence[Effect], *, key: Sequence[str], rule: EffectRule) -> Alignment:
    """Effects of one write on both sides, one to one; neither side's order matters.

    Effects are paired only where the key's values read the same (17 and "17" do). Among twins as
    many as can be are paired as the same; the rest of one key are pairs that changed.
    """
    if not control and not candidate:
        return Alignment()
    groups: dict[tuple[str, ...], tuple[list[Effect], list[Effect]]] = defaultdict(lambda: ([], []))
    for side, effects in enumerate((control, candidate)):
        for effect in effects:
            groups[_key(effect, key)][side].append(effect)
    parts = [_twins(ours, theirs, key, rule) for _, (ours, theirs) in sorted(groups.items())]
    return Alignment(
        same=sum(part.same for part in parts),
        changed=tuple(pair for part in parts for pair in part.changed),
        unclear=tuple(why for part in parts for why in part.unclear),
        missing=tuple(effect for part in parts for effect in part.missing),
        extra=tuple(effect for part in parts for effect in part.extra),
    )


def key_text(value: Any) -> str:
    """A key's value as it is compared: 17 and "17" name the same thing."""
    return str(value) if isinstance(value, str | int) else canonical(value)


def _key(effect: Effect, key: Sequence[str]) -> tuple[str, ...]:
    return tuple(key_text(effect.args[name]) if name in effect.args else "" for name in key)


def _twins(ours: list[Effect], theirs: list[Effect], key: Sequence[str], rule: EffectRule) -> Alignment:
    """The effects of one key."""
    if not ours or not theirs:
        return Alignment(missing=tuple(ours), extra=tuple(theirs))
    ours, theirs = _sorted(ours), _sorted(theirs)
    pairs = _paired(ours, theirs, key, rule)
    taken = set(pairs.values())
    left = [effect for place, effect in enumerate(ours) if place not in pairs]
    right = [effect for place, effect in enumerate(theirs) if place not in taken]
    both = [(a, b, *_arguments(a, b, key, rule)) for a, b in zip(left, right, strict=False)]
    return Alignment(
        same=len(pairs),
        changed=tuple((a, b, why) for a, b, outcome, why in both if outcome is Outcome.MISMATCH),
        unclear=tuple(why for _, _, outcome, why in both if outcome is Outcome.INCOMPARABLE),
        missing=tuple(left[len(right) :]),
        extra=tuple(right[len(left) :]),
    )


def _sorted(effects: list[Effect]) -> list[Effect]:
    return effects if len(effects) == 1 else sorted(effects, key=lambda effect: canonical(effect.args))


def _paired(ours: list[Effect], theirs: list[Effect], key: Sequence[str], rule: EffectRule) -> dict[int, int]:
    """The largest number of pairs that are the same (a bipartite matching), ours to theirs."""
    if max(len(ours), len(theirs)) > _MATCHED_AT_MOST:
        return {
            place: place
            for place, (a, b) in enumerate(zip(ours, theirs, strict=False))
            if _arguments(a, b, key, rule)[0] is Outcome.MATCH
        }
    fits = [[n for n, b in enumerate(theirs) if _arguments(a, b, key, rule)[0] is Outcome.MATCH] for a in ours]
    holder: dict[int, int] = {}

    def place(one: int, tried: set[int]) -> bool:
        for other in fits[one]:
            if other in tried:
                continue
            tried.add(other)
            if other not in holder or place(holder[other], tried):
                holder[other] = one
                return True
        return False

    for one in range(len(ours)):
        place(one, set())
    return {one: other for other, one in holder.items()}


def _arguments(a: Effect, b: Effect, key: Sequence[str], rule: EffectRule) -> tuple[Outcome, str]:
    """Whether two effects of one key are the same; a mismatch goes before what cannot be compared."""
    unclear = ""
    for name in sorted({*a.args, *b.args}.difference(key, rule.ignore)):
        outcome, _, why = _argument(name, a.args, b.args, rule)
        if outcome is Outcome.MISMATCH:
            return outcome, f"{name}: {why}"
        if outcome is Outcome.INCOMPARABLE:
            unclear = unclear or f"{name}: {why}"
    return (Outcome.INCOMPARABLE, unclear) if unclear else (Outcome.MATCH, "")


def _argument(name: str, a: Mapping[str, Any], b: Mapping[str, Any], rule: EffectRule) -> tuple[Outcome, str, str]:
    return compared(rule.args.get(name, _EXACT), a.get(name, MISSING), b.get(name, MISSING))

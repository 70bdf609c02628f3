"""One weakness of one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one place.

    Attributes:
        gate: what is weakened.
        how: in a few words; begins with sign, threshold, edge, missing or rule.
        file: whose text changes.
        old, new: `old` is there exactly once.
        tests: files of which one test must die.
    """

    gate: str
    how: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def of_file(file: str, tests: tuple[str, ...], gate: str, *changes: tuple[str, str, str]) -> tuple[Mutant, ...]:
    return tuple(Mutant(gate=gate, how=how, file=file, old=old, new=new, tests=tests) for how, old, new in changes)

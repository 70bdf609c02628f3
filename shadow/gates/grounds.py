"""What a verdict stands on; when any of it changes the verdict is void, and which of it did is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shadow.contract import Contract, digest
from shadow.contract.codec import duration_text, to_data
from shadow.contract.digests import CONDUCT, JUDGEMENT
from shadow.errors import ContractError
from shadow.evidence.version import VERSION
from shadow.plug import Kind, comparator, gate

EVIDENCE = "evidence"  # our own mathematics, among the versions
_KINDS: Mapping[str, Kind] = {"gate": gate, "comparator": comparator}
_LISTS = {
    "tools": ("tool", "name"),
    "stops": ("stop", "name"),
    "gates": ("gate", "name"),
    "compare": ("place", "place"),
}
_SPEC = {"name", "version", "params"}  # how a gate or a comparator is written down


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What one verdict was taken on.

    Attributes:
        counts: digest of the counts.
        pin: the candidate's.
        candidate: what the pin is made of, as far as it is known: part, as `models` or `file prompts/a.md`, to digest
            (of models the ids themselves).
        parts: the contract's conduct and judgement: part, as `tool refund.issue` or `accepts`, to digest.
        versions: "gate harmful_rate", "comparator exact" and "evidence" to version.
        until: aware UTC; from then on it may not be acted on.
        holds: how long that was, as `7d`.
    """

    counts: str
    pin: str
    parts: Mapping[str, str]
    versions: Mapping[str, int]
    until: datetime
    holds: str
    candidate: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; the moment as ISO 8601 text."""
        named = {name: getattr(self, name) for name in ("counts", "pin", "holds")}
        held = {name: dict(getattr(self, name)) for name in ("parts", "versions", "candidate")}
        return {**named, **held, "until": self.until.isoformat()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Grounds:
        """The grounds that `to_json` wrote."""
        return cls(**{**data, "until": datetime.fromisoformat(data["until"])})


def grounds(
    contract: Contract, *, counts: str, pin: str, taken: datetime, candidate: Mapping[str, str] | None = None
) -> Grounds:
    """What a verdict under this contract on this candidate stands on.

    Args:
        taken: aware UTC moment at which the verdict was taken; it holds for the contract's `verdict_holds` from then.
    """
    data = to_data(contract)
    return Grounds(
        counts=counts,
        pin=pin,
        parts=dict(_parts(data)),
        versions={EVIDENCE: VERSION, **dict(_versions(data))},
        until=taken + contract.verdict_holds,
        holds=duration_text(contract.verdict_holds),
        candidate=dict(candidate or {}),
    )


def voided(
    then: Grounds, *, contract: Contract | None, pin: str, at: datetime, candidate: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Why a verdict no longer says anything, a sentence each; empty where it holds.

    Versions are those of what is installed here, whatever the contract says of them.

    Args:
        contract: as it is now; None where it cannot be read, as after a change of a gate's version.
        pin, candidate: of the candidate as it is now.
        at: aware UTC.
    """
    now = dict(_parts(to_data(contract))) if contract else dict(then.parts)
    found = [*_told("the candidate's ", then.candidate, candidate or {})] if pin != then.pin else []
    if pin != then.pin and not found:
        found = [f"the candidate changed: pin {pin[:12]}, was {then.pin[:12]}"]
    found += _told("the contract's ", then.parts, now)
    found += [said for name, version in then.versions.items() if (said := _other_version(name, version))]
    if at >= then.until:
        found.append(f"it expired on {then.until:%Y-%m-%d %H:%M} UTC, {then.holds} after it was taken")
    return tuple(found)


def _parts(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part in (*CONDUCT, *JUDGEMENT):
        if part not in _LISTS:
            yield part, digest(data.get(part))
            continue
        word, key = _LISTS[part]
        for item in data[part]:
            yield f"{word} {item[key]}", digest(_unversioned(item))
        yield f"order of {part}", digest([item[key] for item in data[part]])


def _unversioned(data: Any) -> Any:
    """The same without the versions of gates and comparators, which are told by themselves."""
    if isinstance(data, Mapping):
        spec = set(data) == _SPEC
        return {name: _unversioned(value) for name, value in data.items() if not (spec and name == "version")}
    return [_unversioned(value) for value in data] if isinstance(data, list) else data


def _versions(data: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for part, word in (("gates", "gate"), ("compare", "comparator")):
        yield from ((f"{word} {spec['name']}", int(spec["version"])) for spec in _specs(data[part]))


def _specs(data: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(data, Mapping):
        if set(data) == _SPEC:
            yield data
        for value in data.values():
            yield from _specs(value)
    elif isinstance(data, list):
        for value in data:
            yield from _specs(value)


def _told(whose: str, then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """One sentence a part; the order alone only where nothing else of it changed."""
    changed = [f"{whose}{name} changed" for name in then if name in now and now[name] != then[name]]
    gone = [f"{whose}{name} was taken out" for name in then if name not in now]
    new = [f"{whose}{name} is new" for name in now if name not in then]
    found = [*changed, *gone, *new] if now else []
    real = [said for said in found if not said.startswith(f"{whose}order of ")]
    return real or found


def _other_version(name: str, version: int) -> str:
    word, _, plug = name.partition(" ")
    if name == EVIDENCE:
        here = VERSION
    else:
        try:
            here = _KINDS[word].get(plug).version
        except ContractError:
            return f"{name} is not installed here any more"
    return "" if here == version else f"{name} is version {here} here, was {version}"

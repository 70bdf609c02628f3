"""A certificate in plain words, which claim no more than it carries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from shadow.cage.preflight.model import LEAST_PROVEN
from shadow.certificate.certificate import Certificate, Standing, passes
from shadow.certificate.counting import Refused
from shadow.certificate.model import Paper, Passed, Seen, Shown, how_often
from shadow.gates.verdict import enforced
from shadow.observation import Refusal, RefusalKind

TRUTH = {
    "echo": "made of its own arguments",
    "template": "as the binding's template says",
    "overlay": "and laid over later reads",
    "checked": "after a precondition was checked",
    "": "nobody wrote down how",
}
_ENFORCED_RISKS = (
    "A read on an allowed route may have an effect on the other side that its address does not show; only what the "
    "bindings list as reads is asked.",
    "What a candidate writes into the arguments of an allowed read leaves with them; canaries are found there plain "
    "and in the usual encodings, not encrypted ones.",
    "Nothing keeps a case from telling another one something by how long it takes, or how busy it keeps this machine.",
    "A hole in the kernel that nobody knows of would be a hole in the cage.",
)
_OUTSIDE_RISK = (
    "The walls of an external isolation are its owner's: that they stand now as they did at the preflight is his word."
)
_MODEL_RISK = "What models' providers see of a case, and keep of it, is between you and them."
_OPEN_RISK = (
    "Nothing was enforced: a candidate that wants to reach out past its tools can, and nothing here would show it."
)
_UNKNOWN_RISK = "Whether anything kept the candidate to its doors is not known: take it that nothing did."


def headline(one: Certificate) -> str:
    """One sentence without a full stop: what was held, how that was enforced, and what that was shown by.

    As `412 effects held, 0 committed; enforced by the kernel; preflight: 0 of 86 landed inside, …`.
    """
    if one.standing is Standing.IDLE:
        return "no candidate was run"
    held = f"{'at least ' if one.counted.pruned else ''}{_many(one.counted.effects, 'effect')} held"
    if not one.isolation:
        return f"{held}; nothing is known of how these were held"
    if not enforced(one.isolation):
        return f"{held}; nothing enforces that there were no others"
    if one.standing is Standing.LEAKED:
        return f"{held}; THE ISOLATION LEAKS, so there may have been others{_shown(one)}"
    if one.attempts.unproven:
        return f"{held}; {_by(one)} was in force and is not shown to hold{_shown(one)}"
    return f"{held}, 0 committed; enforced {_by(one)}{_shown(one)}"


def held_by(one: Certificate) -> str:
    """The isolation in the words that every record carries; the weakest way, where there were several."""
    return one.isolation or ("no candidate was run" if one.standing is Standing.IDLE else "nothing is known about it")


def sentences(one: Certificate) -> tuple[str, ...]:
    """All else in whole sentences: attempts, processes, reads, what was tried, what is not known."""
    return tuple(_sentences(one))


def residual_risks(one: Certificate) -> tuple[str, ...]:
    """What the best of this does not cover, in whole sentences."""
    if one.standing is Standing.IDLE:
        return ()
    if not one.isolation:
        return (_UNKNOWN_RISK,)
    if not enforced(one.isolation):
        return (_OPEN_RISK, _MODEL_RISK)
    outside = any(way.startswith("external") for way in one.ways)
    return (*_ENFORCED_RISKS, *((_OUTSIDE_RISK,) if outside else ()), _MODEL_RISK)


def tried(one: Refused) -> str:
    """One kind of refused call: what, how often, in which cases."""
    why = f": {one.why}" if one.why else ""
    named = ", ".join(one.examples[:5])
    more = f" and {one.cases - 5:,} more" if one.cases > 5 else ""
    return f"{one.call}{why}; {_many(one.times, 'time')}, in {_many(one.cases, 'case')}: {named}{more}"


def elsewhere(one: Refusal) -> str:
    """One call that was denied to no case."""
    about = str(one.args.get("about", ""))
    return f"{one.tool}{f' {about}' if about else ''}: {one.why}; {_many(how_often(one), 'time')}"


def route(one: Passed) -> str:
    """One route's traffic."""
    decisions = ", ".join(f"{count:,} {word}" for word, count in one.decisions.items()) or "never asked"
    violations = f"; {_many(one.violations, 'violation')}" if one.violations else ""
    return f"{one.name}: {decisions}; {one.bytes_out:,} bytes out, {one.bytes_in:,} bytes in{violations}"


def process(one: Seen) -> str:
    """What the kernel said of alike processes."""
    said = "can gain no privilege" if one.no_new_privs else "COULD STILL GAIN PRIVILEGES"
    filters = _many(one.filters, "filter") if one.seccomp == 2 else "NO FILTER"
    powers = "no capabilities" if not one.capabilities else f"CAPABILITIES {one.capabilities:x}"
    apart = f", namespaces of its own: {', '.join(one.apart)}" if one.apart else ""
    many = _many(one.count, "process", "processes")
    return f"{many}: {said}, {filters} of system calls, {powers}, user {one.user}{apart}"


def preflight(one: Shown) -> str:
    """One preflight."""
    word = "" if passes(one) else f" (does not pass: nothing may land inside, and {LEAST_PROVEN} must be proven)"
    return f"{one.words}; shown {_day(one.at)}, attacks {one.battery[:12]}{word}"


def paper(one: Paper) -> str:
    """One attestation."""
    return (
        f"attested by {one.signer} on {_day(one.at)}, until {_day(one.expires)}: {one.shown.words}; "
        f"paper {one.digest[:12]}"
    )


def unknowns(one: Certificate) -> tuple[str, ...]:
    """What would have to be known and is not, in whole sentences."""
    return tuple(_unknowns(one))


def _by(one: Certificate) -> str:
    kinds = {way.partition(":")[0].split(",")[0] for way in one.ways}
    named = [words for kind, words in (("kernel", "the kernel"), ("external", "walls from outside")) if kind in kinds]
    by = " and ".join(f"by {words}" for words in named) or "as said"
    return by if not one.attempts.unproven else " and ".join(named) or "the isolation"


def _shown(one: Certificate) -> str:
    every = [*one.account.preflights, *(paper.shown for paper in one.account.papers)]
    if not every:
        return "; no preflight stands behind it"
    worst = max(every, key=lambda shown: (shown.landed_inside, -shown.proven))
    return f"; preflight: {worst.words}"


def _sentences(one: Certificate) -> Iterator[str]:
    counted, account = one.counted, one.account
    if one.standing is Standing.IDLE:
        return
    ways = [way or "unknown" for way in one.ways]
    if len(ways) > 1:
        yield f"Held in several ways, and the weakest counts: {'; '.join(ways)}."
    for mode in account.modes:
        yield f"Cases were taken: {mode}."
    reads = ", ".join(f"{count:,} {kind}" for kind, count in counted.reads.items())
    if reads:
        yield f"{_many(sum(counted.reads.values()), 'read')} answered: {reads}.{_own(one)}"
    if counted.handed_over:
        yield f"{_many(counted.handed_over, 'case')} handed over to people."
    if counted.repeated:
        yield f"{_many(counted.repeated, 'call')} repeated a held effect under its key, and held nothing more."
    noise = sum(line.times for line in counted.of_kind(RefusalKind.NOISE))
    if noise:
        yield f"{_many(noise, 'refused call')} of libraries, of which nothing could have come, count as noise."
    if account.restarts:
        yield f"The process that cases are forked from was lost and started anew {_many(account.restarts, 'time')}."
    yield from _unknowns(one)


def _own(one: Certificate) -> str:
    counted = one.counted
    own = f" Own held effects were laid over {counted.own:,} of them" if counted.own else ""
    partial = f"{', in' if own else ' In'} {counted.partial:,} not in full" if counted.partial else ""
    return f"{own}{partial}." if own or partial else ""


def _unknowns(one: Certificate) -> Iterator[str]:
    attempts = one.attempts
    if one.counted.cases and not attempts.all:
        yield "No attempt has told how it held the candidate."
    if one.counted.ways.get("") and attempts.all:
        yield f"Of {_many(one.counted.ways[''], 'case')} nobody wrote down how the candidate was held."
    if attempts.unfinished:
        yield f"{_many(attempts.unfinished, 'attempt')} ended without {_its(attempts.unfinished)} last word."
    if attempts.unproven:
        yield f"Behind {_many(attempts.unproven, 'attempt')} stands no preflight that passed, or no paper in time."
    if attempts.unseen:
        yield f"Of {_many(attempts.unseen, 'attempt')} no process was looked at."
    if one.is_enforced and not one.tells_tries:
        yield "Under an isolation from outside nobody is told of what cases tried in vain, so it is not counted."
    if one.account.unseen:
        gone = _many(one.account.unseen, "process", "processes")
        yield f"{gone} had ended before the kernel could be asked; what holds them is inherited."
    if one.counted.pruned:
        yield f"The records of {_many(one.counted.pruned, 'case')} are no longer kept, so not all is counted."


def _its(count: int) -> str:
    return "its" if count == 1 else "their"


def _many(count: int, noun: str, many: str = "") -> str:
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"

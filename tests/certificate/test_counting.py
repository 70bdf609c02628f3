"""What is counted from observations: each once, by kind, with the cases."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from shadow.certificate.counting import EXAMPLES, UNLISTED, Replayed, counted, counted_of, together
from shadow.certificate.model import plain
from shadow.observation import AnswerKind, Effect, Refusal, RefusalKind
from tests.certificate.desk import COOPERATIVE, KERNEL, TOOLS, count, read, refund, seen, tried

NOISE = tried("socket", "netlink", kind=RefusalKind.NOISE)


def test_reads_and_effects_are_counted_by_kind() -> None:
    """Reads by answer kind, held effects by tool and by how true the answer was; what is handed over is apart."""
    handed = Effect(tool="escalate", args={"reason": "x"}, held="h")
    one = seen(effects=(refund("o1"), refund("o2"), handed), reads=(read(), read(AnswerKind.LIVE, own=True)))
    found = count(one, seen())
    assert dict(found.reads) == {"as-of": 2, "live": 1}
    assert (found.own, found.effects, found.handed_over, found.cases) == (1, 3, 1, 2)


def test_what_the_door_writes_about_an_effect_is_counted() -> None:
    """How true its answer was, repeats under one key, and reads that are partial; old rows say none of it."""
    old: dict[str, Any] = seen().to_json()
    new: dict[str, Any] = json.loads(json.dumps(old))
    new["effects"][0] |= {"answered": "checked", "repeated": 2}
    new["reads"][0] |= {"partial": True}
    for item in ("answered", "repeated", "key"):
        old["effects"][0].pop(item, None)
    old["reads"][0].pop("partial", None)
    found = counted([Replayed("c1", KERNEL, old), Replayed("c2", KERNEL, new)], tools=TOOLS)
    assert {tool: dict(kinds) for tool, kinds in found.held.items()} == {"refund.issue": {"": 1, "checked": 1}}
    assert (found.repeated, found.partial) == (2, 1)


def test_noise_is_no_violation() -> None:
    """What libraries do by themselves is told apart; so is a refused tool: `_VIOLATIONS` has neither."""
    tool = Refusal(tool="refund.issue", args={}, why="no")
    canary = Refusal(tool="POST llm", args={}, why="the canary x would go out", kind=RefusalKind.VIOLATION)
    found = count(seen(NOISE, tool, tried(times=3), canary))
    assert [(one.call, one.times, one.cases) for one in found.violations] == [("connect", 3, 1), ("POST llm", 1, 1)]
    assert [one.call for one in found.of_kind(RefusalKind.NOISE)] == ["socket"]
    assert [one.call for one in found.of_kind(RefusalKind.TOOL)] == ["refund.issue"]


def test_of_a_refused_tool_nothing_is_kept_but_a_listed_name() -> None:
    """A certificate outlives the case data; a candidate may name a tool after a customer, and the reason quotes it."""
    secret = "jane@example.org"
    found = count(seen(Refusal(tool=f"mail {secret}", args={"to": secret}, why=f"no tool 'mail {secret}'")))
    assert [(one.call, one.why) for one in found.refused] == [(UNLISTED, "")]
    assert secret not in repr(found)


def test_a_case_is_counted_once_for_each_kind_of_call() -> None:
    """However often it tried, and however many cases came before it; the first cases are named, all are counted."""
    twice = seen(tried(about="a"), tried(about="b", times=2))
    found = count(*[twice] * (EXAMPLES + 5))
    (one,) = found.violations
    assert (one.times, one.cases, len(one.examples)) == (3 * (EXAMPLES + 5), EXAMPLES + 5, EXAMPLES)
    assert one.examples[:2] == ("c1", "c2")


def test_what_is_no_longer_kept_is_said() -> None:
    """Its case counts, and nothing else of it."""
    found = count(seen(), None)
    assert (found.cases, found.pruned, found.effects) == (2, 1, 1)


def test_two_runs_add_up() -> None:
    """The counts of two sets are those of both together."""
    first, second = [seen(tried()), seen(NOISE)], [seen(tried(times=4)), None]
    both = together(count(*first), count(*second, first=3))
    assert both == count(*first, *second)
    assert dict(together(count(seen()), count(seen(), way=COOPERATIVE)).ways) == {COOPERATIVE: 1, KERNEL: 1}


def test_round_trip() -> None:
    """Counts equal what their JSON gives back."""
    found = count(seen(tried(), NOISE), None)
    assert counted_of(json.loads(json.dumps(plain(asdict(found))))) == found

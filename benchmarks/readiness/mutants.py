"""One weakness a line: what a careless change to a gate could look like."""

from __future__ import annotations

from benchmarks.readiness.mutant import Mutant, of_file

GATES, EVIDENCE = "shadow/gates", "shadow/evidence"
ABOUT_RATES = ("tests/gates/test_rates.py",)
ABOUT_SHARES = ("tests/gates/test_shares.py",)
ABOUT_DAYS = ("tests/evidence/test_counts.py", "tests/gates/test_calendar.py", "tests/gates/test_rates.py")
ABOUT_TIME = ("tests/evidence/test_recency.py", "tests/evidence/test_weeks.py", "tests/gates/test_time.py")
ABOUT_SLICES = ("tests/evidence/test_slices.py", "tests/gates/test_slices.py")
ABOUT_CONTROL = ("tests/evidence/test_paired.py", "tests/gates/test_against_control.py")
ABOUT_MEASURES = ("tests/gates/test_measures.py", "tests/evidence/test_histogram.py", "tests/gates/test_thresholds.py")
ABOUT_TRAFFIC = (
    "tests/evidence/test_novelty.py",
    "tests/evidence/test_moves.py",
    "tests/gates/test_traffic.py",
    "tests/gates/test_thresholds.py",
)
ABOUT_VERDICTS = ("tests/gates/test_verdict.py",)
EVERY_GATE = "tests/gates/test_every_gate.py"
ABOUT_E = ("tests/evidence/test_eprocess.py", "tests/evidence/test_exact_ready.py")

MUTANTS: tuple[Mutant, ...] = (
    *of_file(
        f"{EVIDENCE}/eprocess.py", ABOUT_E, "every test",
        ("threshold: half of it", "return -log(alpha)", "return -log(alpha) / 2"),
        ("edge: at it counts as reached", ">= TOLERANCE", ">= -TOLERANCE"),
        ("sign: a bad piece grows the evidence", "+ share * r\n", "+ share / max(r, 0.5)\n"),
        ("threshold: weights that sum to more than 1", "fits and isclose(fsum(self.weights), 1.0)", "fits"),
    ),
    *of_file(
        f"{EVIDENCE}/counts.py", ABOUT_DAYS, "closed days",
        ("edge: the day that lasts is closed", "waits or day >= look.date()", "waits or day > look.date()"),
        ("missing: what waits does not hold a day open", 
         "counts.number(Table.CASES, Standing.WAITING, days=[day]) or", "0 or"),
        ("missing: nor does a label that is due", " or counts.number(Table.LABEL_DUE, days=[day])", ""),
        ("edge: days behind an open one are closed", "            break\n", "            continue\n"),
    ),
    *of_file(
        f"{EVIDENCE}/bulk.py",
        ("tests/evidence/test_counts.py", "tests/evidence/test_unit_days.py"), "unit-days",
        ("missing: an unlabelled discrepancy is harmless", "harmful=compared & (columns.grade >= least),",
         "harmful=compared & (columns.grade >= least) & (columns.confirmed >= least),"),
        ("rule: a waiting case does not dilute harm", "known=compared | waiting,", "known=compared,"),
        ("edge: what differs is rounded down", "np.ceil((1 - np.where(sound, values, 1.0)) * STEPS - _HAIR)",
         "np.floor((1 - np.where(sound, values, 1.0)) * STEPS + _HAIR)"),
        ("missing: a unit-day half of which is known counts", "(frame.per_group(sound) == served)",
         "(frame.per_group(sound) > 0)"),
        ("rule: a unit-day weighs as its cases",
         "frame.count(Table.SERVED, days[has], [served[has], harmful[has]])",
         "has = np.repeat(np.arange(len(served)), served)\n"
         "    frame.count(Table.SERVED, days[has], [served[has], harmful[has]])\n    has = served > 0"),
    ),
    *of_file(
        f"{GATES}/words.py", (f"{EVERY_GATE}::test_no_data_is_inconclusive",), "all gates",
        ("missing: no closed day passes", "status=Status.INCONCLUSIVE,\n        reason=\"No arrival day",
         "status=Status.PASS,\n        reason=\"No arrival day"),
    ),
    *of_file(
        f"{GATES}/harmful_rate.py", ABOUT_RATES, "harmful_rate",
        ("threshold: any evidence is enough", 'sure = reached(float(numbers["log_e"]), alpha)',
         'sure = float(numbers["log_e"]) > 0'),
        ("rule: days that differ are taken as equal ones", '"log_e": min(whole, less)', '"log_e": whole'),
        ("sign: thinning helps where the evidence is against it", '"log_e": min(whole, less)', '"log_e": less'),
        ("rule: days that differ by chance are thinned too", "if effect and effect.real else whole",
         "if effect and effect.phi > 1.5 else whole"),
        ("rule: what is needed forgets the thinning", "ceil(more * effect.phi)", "more"),
        ("missing: only confirmed harm keeps from ready", "ready, confirmed = evidence.served(), evidence.confirmed()",
         "ready, confirmed = evidence.confirmed(), evidence.confirmed()"),
        ("sign: harm is claimed by the evidence against it", "log_e(confirmed, at_most, harm(at_most))",
         "-log_e(confirmed, at_most, READY)"),
        ("rule: unlabelled harm rejects", "log_e(confirmed, at_most, harm(at_most))",
         "log_e(ready, at_most, harm(at_most))"),
        ("rule: confirmed harm does not reject", "return _rejected(numbers, at_most)", "pass"),
    ),
    *of_file(
        f"{GATES}/critical_rate.py", ABOUT_RATES, "critical_rate",
        ("threshold: any evidence is enough", 'if reached(float(numbers["log_e"]), alpha):',
         'if float(numbers["log_e"]) > 0:'),
        ("missing: an unlabelled critical case is none",
         "bad = evidence.counts.number(Table.CRITICAL, days=evidence.closed)", "bad = 0"),
        ("rule: one confirmed event is none", "if events:", "if len(events) > 1:"),
        ("rule: a confirmed event does not reject", "rejects=True", "rejects=False"),
    ),
    *of_file(
        f"{GATES}/calendar.py", ("tests/gates/test_calendar.py",), "calendar",
        ("edge: one day fewer", "if len(seen) >= days and not lacking:", "if len(seen) >= days - 1 and not lacking:"),
        ("threshold: every weekday once", "if often[number] < 2]", "if often[number] < 1]"),
        ("missing: a day without a compared case counts", "days=(day,)) > 0", "days=(day,)) >= 0"),
    ),
    *of_file(
        f"{GATES}/shares.py", ABOUT_SHARES, "set_aside, stale",
        ("threshold: twice the limit", "if part <= at_most * total:", "if part <= 2 * at_most * total:"),
        ("missing: nothing compared passes", "status=Status.FAIL,\n        reason=f\"Not one",
         "status=Status.PASS,\n        reason=f\"Not one"),
    ),
    *of_file(
        f"{GATES}/set_aside.py", ABOUT_SHARES, "set_aside",
        ("missing: incomparable does not count", "part=aside + blind", "part=aside"),
        ("edge: open days count", "Standing.SET_ASIDE, days=evidence.closed)", "Standing.SET_ASIDE)"),
    ),
    *of_file(
        f"{GATES}/stale.py", ABOUT_SHARES, "stale",
        ("missing: none is stale", "evidence.counts.number(Table.STALE, days=evidence.closed)", "0"),
    ),
    *of_file(
        f"{GATES}/data_quality.py",
        (f"{EVERY_GATE}::test_open_problems_do_not_pass", f"{EVERY_GATE}::test_what_was_not_validated_does_not_pass"),
        "data_quality",
        ("missing: an open problem passes", "if evidence.problems:", "if False:"),
        ("missing: what was not validated passes", "if evidence.unvalidated or not evidence.validated:", "if False:"),
    ),
    *of_file(
        f"{GATES}/latency.py", ABOUT_MEASURES, "latency",
        ("threshold: any evidence is enough", 'if reached(float(numbers["log_e"]), alpha):',
         'if float(numbers["log_e"]) > 0:'),
        ("missing: an unknown duration is quick", "at_or_over(bins, p95_s, MICRO) + unknown,",
         "at_or_over(bins, p95_s, MICRO),"),
        ("missing: an impossible duration passes", 'if numbers["unsound"]:', "if False:"),
    ),
    *of_file(
        f"{EVIDENCE}/histogram.py", ABOUT_MEASURES, "latency",
        ("edge: the ceiling itself is quick enough", "if k >= first)", "if k > first)"),
    ),
    *of_file(
        f"{GATES}/latency_against_control.py", ABOUT_CONTROL, "latency_against_control",
        ("sign: the control is held to it", "if upper <= ratio * lower:", "if lower <= ratio * upper:"),
        ("missing: an unknown time is quick", "{**ours, endless: ours.get(endless, 0) + slow}", "ours"),
        ("missing: an unknown time of the control is none", "theirs[0] = theirs.get(0, 0) + instant", "pass"),
        ("missing: an impossible duration passes", 'if numbers["unsound"]:', "if False:"),
    ),
    *of_file(
        f"{GATES}/cost.py", ABOUT_MEASURES, "cost",
        ("threshold: any evidence is enough", 'if reached(float(numbers["log_e"]), alpha):',
         'if float(numbers["log_e"]) > 0:'),
        ("edge: bins count by their lower edge", "edge = upper_edge if up else lower_edge", "edge = lower_edge"),
        ("missing: an undeclared price passes", "if not evidence.price_known:", "if False:"),
        ("missing: an unknown cost passes", 'if numbers["unknown"]:', "if False:"),
    ),
    *of_file(
        f"{EVIDENCE}/recency.py", ABOUT_TIME, "recency",
        ("sign: the strongest stretch decides", "weakest = min(weakest,", "weakest = max((-inf, None), weakest,"),
        ("edge: only longer stretches are looked at", "days=days - 1)", "days=days)"),
        ("missing: too few days pass", "return -inf, None", "return inf, through"),
    ),
    *of_file(
        f"{GATES}/recency.py", ABOUT_TIME, "recency",
        ("threshold: any evidence is enough", "if reached(weakest, alpha):", "if weakest > 0:"),
    ),
    *of_file(
        f"{EVIDENCE}/weeks.py", ABOUT_TIME, "whole_weeks",
        ("edge: the day after the week is in it", "if day < end)", "if day <= end)"),
        ("edge: a week has six days", "_WEEK = 7", "_WEEK = 6"),
    ),
    *of_file(
        f"{GATES}/whole_weeks.py", ABOUT_TIME, "whole_weeks",
        ("threshold: one week fewer", "if over >= weeks and sure:", "if over >= weeks - 1 and sure:"),
        ("sign: the better of the weeks and now", '"log_e": min(log_e(pieces', '"log_e": max(log_e(pieces'),
        ("threshold: any evidence is enough", 'sure = reached(float(numbers["log_e"]), alpha)',
         'sure = float(numbers["log_e"]) > 0'),
    ),
    *of_file(
        f"{GATES}/every_slice.py", ABOUT_SLICES, "every_slice",
        ("sign: the strongest slice decides", "weakest = min(slices, key", "weakest = max(slices, key"),
        ("threshold: any evidence is enough", "if reached(weakest.log_e, alpha):", "if weakest.log_e > 0:"),
        ("sign: those that could go alone are named", "if not one.ready_alone]", "if one.ready_alone]"),
        ("edge: open days count", "counts, days = evidence.counts, evidence.closed",
         "counts, days = evidence.counts, None"),
        ("missing: a contract without slices passes",
         "status=Status.INCONCLUSIVE,\n        reason=\"The contract declares",
         "status=Status.PASS,\n        reason=\"The contract declares"),
        ("rule: harm in a slice does not reject", "return _rejected(evidence, harmed, at_most)", "pass"),
    ),
    *of_file(
        f"{EVIDENCE}/slices.py", ABOUT_SLICES, "every_slice",
        ("missing: small values are left out",
         "return [*sorted(rising[small:]), other]", "return sorted(rising[small:])"),
        ("threshold: the sum of the slices' harm and not its mean", "log(weight / len(pairs))", "0.0"),
    ),
    *of_file(
        f"{EVIDENCE}/discovery.py", ("tests/evidence/test_discovery.py",), "slices alone",
        ("threshold: each at its own, e-BH", "k * alpha / len(known))", "alpha)"),
        ("edge: the first step that fails ends it, e-BH", "max(enough, default=0)",
         "next((k for k in range(len(known)) if k + 1 not in enough), len(known))"),
        ("rule: groups of two alone, e-Holm", "least = min(least, total / size)",
         "least = min(least, total / size) if size == 2 else least"),
        ("missing: small values are judged alone", "merged(counts.slices(Table.SLICES, days), floor)",
         "merged(counts.slices(Table.SLICES, days), 1)"),
        ("edge: all days count", "counts.slices(Table.SLICES, days)", "counts.slices(Table.SLICES)"),
    ),
    *of_file(
        f"{EVIDENCE}/day_effect.py", ("tests/evidence/test_day_effect.py", *ABOUT_RATES), "day effects",
        ("edge: thirteen days are enough", "LEAST_DAYS = 14", "LEAST_DAYS = 13"),
        ("threshold: one in ten by chance", "RARE = 0.01", "RARE = 0.1"),
        ("missing: a day without a unit-day counts", "for bad, total in sums if total]",
         "for bad, total in [(b, t or 1) for b, t in sums]]"),
        ("sign: days that are alike add evidence", "max(1.0, between / variance)", "between / variance"),
        ("rule: small days weigh as large ones", "(bad - total * mean) ** 2 / total",
         "(bad / total - mean) ** 2 * 100"),
        ("rule: thinned twice", "(bad, often / phi)", "(bad, often / phi / phi)"),
    ),
    *of_file(
        "shadow/contract/check.py", ("tests/contract/test_check.py",), "contracts",
        ("missing: a gate is not asked what it needs", "        _needed(contract, bound, here)\n", ""),
        ("missing: a part that no contract has is not told", "if part not in known:", "if part == known:"),
    ),
    *of_file(
        "shadow/plug.py", ("tests/contract/test_codec.py", "tests/contract/test_check.py"), "contracts",
        ("rule: dates that come back from JSON are others", "_like(p.default, params.get(n, p.default))",
         "params.get(n, p.default)"),
        ("missing: what a third party's gate needs is dropped", '"needs": tuple(needs)', '"needs": ()'),
    ),
    *of_file(
        "shadow/cli/explain.py", ("tests/cli/test_explain.py",), "slices alone",
        ("sign: the best slice first", "key=lambda one: one.log_e)", "key=lambda one: -one.log_e)"),
        ("edge: every row is shown", "for row in rows[:_ROWS]]", "for row in rows]"),
        ("sign: those that could not go are told to", "'yes' if row.alone else 'no'", "'no' if row.alone else 'yes'"),
    ),
    *of_file(
        "shadow/cli/show.py", ("tests/cli/test_explain.py",), "slices alone",
        ("missing: hidden characters reach the terminal", "say(visible(line, lines=False))", "say(line)"),
    ),
    *of_file(
        f"{GATES}/input_drift.py", ("tests/contract/test_check.py",), "contracts",
        ("missing: without slices it may be asked for", 'needs=("slices",),', "needs=(),"),
    ),
    *of_file(
        f"{GATES}/every_slice.py", ("tests/contract/test_check.py",), "contracts",
        ("missing: without slices it may be asked for", 'needs=("slices",)', "needs=()"),
    ),
    *of_file(
        f"{EVIDENCE}/paired.py", ABOUT_CONTROL, "non_inferior",
        ("sign: worse is better", "[((worse + 1) / 2, often)", "[((1 - worse) / 2, often)"),
        ("threshold: twice the margin", "return (1 + by) / 2", "return (1 + 2 * by) / 2"),
    ),
    *of_file(
        f"{GATES}/non_inferior.py", ABOUT_CONTROL, "non_inferior",
        ("threshold: any evidence is enough", 'if reached(float(numbers["log_e"]), alpha):',
         'if float(numbers["log_e"]) > 0:'),
        ("edge: open days count", "evidence.counts.versus(evidence.closed)", "evidence.counts.versus()"),
    ),
    *of_file(
        "shadow/review/judging.py", ("tests/review",), "non_inferior",
        ("missing: unlabelled is held against nobody", "return int(severity is not None and severity.harmful)",
         "return 0"),
        ("sign: the sides are mixed up",
         "{Side.CONTROL: 1, Side.CANDIDATE: -1}", "{Side.CONTROL: -1, Side.CANDIDATE: 1}"),
    ),
    *of_file(
        f"{GATES}/similarity.py", ABOUT_CONTROL, "similarity",
        ("sign: the limit of the other side", "1 - at_least, evidence", "at_least, evidence"),
        ("threshold: any evidence is enough", 'if reached(float(numbers["log_e"]), alpha):',
         'if float(numbers["log_e"]) > 0:'),
        ("missing: an unknown similarity passes", 'if numbers["unknown"]:', "if False:"),
    ),
    *of_file(
        f"{EVIDENCE}/cells.py", ABOUT_TRAFFIC, "coverage",
        ("edge: one date is enough", "TWICE = 2", "TWICE = 1"),
        ("threshold: nine tenths of the share", "if have >= share - _HAIR:", "if have >= 0.9 * share - _HAIR:"),
        ("missing: nothing known of the weeks before asks for nothing", "if reference is None or not reference.cases:",
         "if reference is None:\n        return Cells(shares={}, assumed=True)\n    if not reference.cases:"),
    ),
    *of_file(
        f"{EVIDENCE}/novelty.py", ABOUT_TRAFFIC, "coverage",
        ("threshold: the best start and not the mean of all", "term - top) for term in terms) / STARTS)",
         "term - top) for term in terms))"),
        ("sign: what was met before is new", "here - met", "here & met"),
    ),
    *of_file(
        f"{GATES}/input_drift.py", ABOUT_TRAFFIC, "input_drift",
        ("sign: an alarm passes", '< float(numbers["threshold"]) - TOLERANCE', '> float(numbers["threshold"])'),
        ("threshold: the alarm is a million times dearer", '"threshold": log(false_alarm_days)',
         '"threshold": log(1e6 * false_alarm_days)'),
        ("edge: an alarm holds for a day", "_HELD = 7", "_HELD = 1"),
        ("missing: without slices it passes", 'return _open("The contract declares no slices',
         'return Finding(gate=NAME, status=Status.PASS, reason="x") if evidence else '
         '_open("The contract declares no slices'),
    ),
    *of_file(
        f"{EVIDENCE}/drift.py", ("tests/evidence/test_drift.py", *ABOUT_TRAFFIC), "input_drift",
        ("rule: a good past delays it", "max(m, 0.0) + log_e", "m + log_e"),
        ("rule: a day by itself is judged", "daily[start : start + WEEK]", "daily[start : start + 1]"),
    ),
    *of_file(
        f"{GATES}/verdict.py", ABOUT_VERDICTS, "the verdict",
        ("rule: an open gate is no obstacle", "elif asked and not blocking and evidence.compared:",
         "elif asked and evidence.compared:"),
        ("missing: no gates are ready", "elif asked and not blocking and", "elif not blocking and"),
        ("missing: nothing compared is ready", "not blocking and evidence.compared:", "not blocking:"),
        ("rule: rejected and ready is ready", "    if rejecting:", "    if rejecting and blocking == []:"),
        ("missing: an errored gate passes", "status=Status.INCONCLUSIVE,\n        reason=f\"errored",
         "status=Status.PASS,\n        reason=f\"errored"),
        ("missing: isolation that nobody knows passes",
         "return bool(words) and words[0] in ENFORCED and", "return not words or words[0] in ENFORCED and"),
    ),
)  # fmt: skip

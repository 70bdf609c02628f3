"""What is counted: the names of the tables of `Counts`."""

from __future__ import annotations

from enum import StrEnum

Key = tuple[str | int, ...]

CANDIDATE, CONTROL, UNKNOWN = "candidate", "control", "unknown"  # in TOOK
STEPS = 1000  # of dissimilarity, in UNLIKE; rounded up, toward bad


class Table(StrEnum):
    """What is counted, each per arrival day; in brackets what tells one count of a table from another."""

    CASES = "cases"  # (standing): cases
    STALE = "stale"  # (): cases that a stale read made incomparable
    LABEL_DUE = "label due"  # (): compared cases whose label may still come
    UNLABELLED = "unlabelled"  # (grade): compared cases, major or critical, that no label stands on
    DISCREPANCIES = "discrepancies"  # (): compared cases with a discrepancy, whatever labels say
    GRADES = "grades"  # (grade): compared cases by the grade that is left after labels
    SERVED = "served"  # (n, h): unit-days with n compared cases of which h are harmful
    CONFIRMED = "confirmed"  # (n, h): unit-days with n cases compared or waiting, h confirmed harmful
    CRITICAL = "critical"  # (): unit-days with a compared case graded critical
    CRITICAL_CASES = "critical cases"  # (case id): compared cases that a label confirmed as critical
    SLICES = "slices"  # (slice, value, n, h): as SERVED, within one value of one slice
    SLICES_CONFIRMED = "slices confirmed"  # (slice, value, n, h): as CONFIRMED, within one value of one slice
    VERSUS = "versus"  # (n, net): unit-days with n compared cases, net = candidate wrong - control wrong, not 0
    UNLIKE = "unlike"  # (k): unit-days by the mean share of places that differ, thousandths, rounded up
    KINDS = "kinds"  # (kind): unit-days with a compared case of this kind; see `Judged.kind`
    HOURS = "hours"  # (hour): compared cases by the UTC hour of their arrival
    DURATIONS = "durations"  # (bin): replayed cases by how long the candidate took
    COSTS = "costs"  # (bin): replayed cases by what the candidate cost
    UNKNOWN = "unknown"  # ("duration" or "cost"): replayed cases without it
    UNSOUND = "unsound"  # ("duration" or "cost"): replayed cases where it is NaN, infinite or negative
    SPENT = "spent"  # (): what the replayed cases cost together, in billionths of a dollar
    TOOK = "took"  # (side, bin or "unknown"): unit-days by how long one case took, drawn by its mark
    COST_MEANS = "cost means"  # (bin): unit-days of which every cost is known, by their cases' mean cost

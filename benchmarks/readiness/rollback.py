"""Rolling a canary back: falsely at most alpha, exactly; and how many harmful cases it takes."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.readiness.rows import Row, Run, below, shown
from shadow.evidence.eprocess import harm
from shadow.evidence.stages import ALPHA_BACK, cases_to_roll_back
from tests.evidence.exact import ever_beyond, lasts, mean_until_beyond

LIMIT = 0.02


def rows(how: Run) -> Iterator[Row]:
    """A look after every live case; no chance in it."""
    for alpha in (ALPHA_BACK, 0.05):
        last = lasts(LIMIT, harm(LIMIT), alpha=alpha, most=6000)
        for share in (0.5, 1.0):
            ever = ever_beyond(share * LIMIT, last, horizon=200_000)
            yield below(
                f"rolled back falsely in 200,000 cases at {share:g} × the limit, alpha {alpha:g}", ever, alpha, ".4f"
            )
        for times in (1.5, 2.0, 3.0, 5.0, 10.0):
            inputs = mean_until_beyond(times * LIMIT, last, horizon=20_000)
            told = f"{times:g} × the limit, alpha {alpha:g}: {inputs:,.0f} cases; harmful"
            if times == 3.0 and alpha == ALPHA_BACK:
                yield below(told, inputs * times * LIMIT, 15, ".1f")
            else:
                yield shown(told, f"{inputs * times * LIMIT:.1f}")
    here = mean_until_beyond(3 * LIMIT, lasts(LIMIT, harm(LIMIT), alpha=ALPHA_BACK, most=3000), horizon=20_000)
    product = cases_to_roll_back(LIMIT)
    yield below("the product's own figure is that of the recursion here: apart by", abs(product - here), 0.01, ".5f")

"""The only file that speaks to Great Expectations: it answers checks with problems, quietly and in memory.

Great Expectations calls an empty frame and an empty suite a success, takes a second expectation of one type
on one column for a new version of the first (unless the suite is made with both), and reports an expectation
that could not be evaluated as an ordinary result; each of these is a problem here.
"""

from __future__ import annotations

import functools
import logging
import os
import warnings
from collections.abc import Sequence
from typing import Any

from shadow.adapters.expectations.checks import MEDIAN, NOT_NULL, Check
from shadow.adapters.expectations.result import Problem

# No sample of unexpected values: they are customers' data.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}


def problems(checks: Sequence[Check], *, rows: int) -> tuple[Problem, ...]:
    """What fails, in the order of the checks; no rows and no checks fail by themselves.

    Args:
        checks: at most one a type, column and limits.
        rows: the window's arrivals; each check's values are as many.
    """
    if not rows:
        return (_whole("expect_table_row_count_to_be_between", "no rows arrived in the window"),)
    if not checks:
        return (_whole("", "nothing was checked: the suite is empty"),)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers = _answers(checks)
    found = [(check, _problem(check, answer, rows)) for check, answer in zip(checks, answers, strict=True)]
    failed = [(check, problem) for check, problem in found if problem is not None]
    # Where a column's scale is off as a whole, each of its parts would say so again.
    told = {check.column for check, _ in failed if check.type == MEDIAN and not check.rows}
    return tuple(problem for check, problem in failed if not (check.rows and check.column in told))


@functools.cache
def _home() -> Any:
    """Where frames are handed in; one a process; importing Great Expectations takes 3 to 9 s of CPU."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at the first import; otherwise it posts usage events
    logger = logging.getLogger("great_expectations")
    logger.setLevel(logger.level or logging.WARNING)  # its import alone says 200 lines at INFO
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        analytics_enabled=False,
    )
    context = gx.get_context(mode="ephemeral", project_config=config)
    asset = context.data_sources.add_pandas("shadow").add_dataframe_asset("arrivals")
    return asset.add_batch_definition_whole_dataframe("window")


def _answers(checks: Sequence[Check]) -> list[Any]:
    """One result a check, in its order."""
    home = _home()
    from great_expectations.core.expectation_suite import ExpectationSuite

    asked = [
        {"type": check.type, "kwargs": _arguments(check), "meta": {"place": place}}
        for place, check in enumerate(checks)
    ]
    batch = home.get_batch({"dataframe": _frame(checks)})
    result = batch.validate(ExpectationSuite(name="window", expectations=asked), result_format=RESULT_FORMAT)
    return sorted(result.results, key=lambda one: int(one.expectation_config.meta["place"]))


def _frame(checks: Sequence[Check]) -> Any:
    import pandas as pd

    columns = {check.on: check.values for check in checks if check.on and check.values}
    return pd.DataFrame({name: pd.Series(values, dtype=_dtype(values)) for name, values in columns.items()})


def _dtype(values: Sequence[Any]) -> str:
    """Text and mixed columns as they are; numbers as floats, in which None becomes NaN."""
    return "float64" if all(value is None or isinstance(value, float) for value in values) else "object"


def _arguments(check: Check) -> dict[str, Any]:
    given = dict(check.limits or {})
    if check.on:
        given["column"] = check.on
    if check.allowed is not None:
        given["mostly"] = _mostly(check)
    return given


def _mostly(check: Check) -> float:
    """The share that must pass so that just `allowed` may fail: half a row below, for rounding."""
    counts_nulls = check.type == NOT_NULL
    held = len(check.values) if counts_nulls else sum(v is not None for v in check.values)
    return max(0.0, 1 - ((check.allowed or 0) + 0.5) / max(held, 1))


def _problem(check: Check, answer: Any, rows: int) -> Problem | None:
    error = _error(answer)
    if error:
        return Problem(column=check.column, expectation=check.type, what=f"could not be checked: {error}", count=rows)
    if answer.success:
        return None
    count = int(answer.result.get("unexpected_count", check.rows or rows))
    what = check.says.replace("{count}", str(count)).replace("{rows}", str(rows))
    return Problem(column=check.column, expectation=check.type, what=what, count=count)


def _error(answer: Any) -> str:
    info = answer.exception_info or {}
    nested = [part for part in info.values() if isinstance(part, dict)] or [info]
    raised = [part for part in nested if part.get("raised_exception")]
    return str(raised[0].get("exception_message", "unknown"))[:200] if raised else ""


def _whole(expectation: str, what: str) -> Problem:
    return Problem(column="", expectation=expectation, what=what, count=0)

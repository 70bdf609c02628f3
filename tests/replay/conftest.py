"""Every test of a replay is one of two: in the kernel's cage, and without one.

What must differ, because the cage refuses it, says so by `@held("kernel")` or `@held("cooperative")`.
"""

from __future__ import annotations

import pytest

from tests.replay import desk


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Twice, unless the test names its isolation."""
    only = getattr(metafunc.function, "held", None)
    metafunc.parametrize("isolation", [only] if only else ["kernel", "cooperative"], indirect=True)


@pytest.fixture(autouse=True)
def isolation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How `desk.run` holds its candidates in this test."""
    chosen: str = request.param
    monkeypatch.setattr(desk, "ISOLATION", chosen)
    return chosen

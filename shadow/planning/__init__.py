"""Day 0: what a contract's bars cost in days and cases, and which of them can never be passed."""

from __future__ import annotations

from shadow.planning.bars import Assumed
from shadow.planning.plan import Bar, Plan, impossible, plan

__all__ = ["Assumed", "Bar", "Plan", "impossible", "plan"]

"""Which version of the evidence's own mathematics judged: a verdict names it, and another one voids the verdict."""

from __future__ import annotations

# Rises when the same cases may give other counts, another log E or other closed days; never for what leaves answers be.
VERSION = 2

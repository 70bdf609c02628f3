"""Examples: whole workflows to try the harness on; nothing above imports them."""

from __future__ import annotations

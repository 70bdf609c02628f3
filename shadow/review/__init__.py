"""What people look at next, and what they say of it."""

from __future__ import annotations

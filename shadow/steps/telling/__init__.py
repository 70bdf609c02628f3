"""Telling: what the store knows of one look, gathered into the frozen report."""

from __future__ import annotations

"""Candidates: agent versions on trial, each pinned by a digest. One file a way to run one."""

from __future__ import annotations

from shadow.candidates.model import Candidate

__all__ = ["Candidate"]

"""Pages in the browser beside the report: plain data in, one page of HTML out; nothing here asks who is looking."""

from __future__ import annotations

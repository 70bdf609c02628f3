"""Adapters: one package a framework; each registers by the same door as a third party's."""

from __future__ import annotations

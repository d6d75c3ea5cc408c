"""Which suites exist: every module of this folder that has SUITES. For the asset checks and their tests.

The trap: a suite that nobody registered and that therefore never ran.
"""

from __future__ import annotations

import importlib
import pkgutil

import expectations
from expectations.suite import Suite

_ROOMS = {"suite", "registry", "runner"}


def suites() -> tuple[Suite, ...]:
    """All suites, by name. Raises: ValueError when two share a name."""
    modules = [
        importlib.import_module(f"expectations.{module.name}") for module in pkgutil.iter_modules(expectations.__path__) if module.name not in _ROOMS
    ]
    found = [suite for module in modules for suite in module.SUITES]
    if len({suite.name for suite in found}) != len(found):
        raise ValueError("two suites share a name")
    return tuple(sorted(found, key=lambda suite: suite.name))

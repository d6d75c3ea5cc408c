"""Which PSPs exist. For landing, webhooks, the catalogue and the engine: everything that must follow when a spec file is added.

The trap: a second list of PSPs (in a seed, a CLI choice, a test) that somebody forgets. Here the folder is the list.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from transactional.payments import psps
from transactional.payments.psps.spec import PspSpec
from transactional.vocabulary.errors import InvariantBroken

_NOT_SPECS = frozenset({"spec", "registry"})


def _discover() -> dict[str, PspSpec]:
    found: dict[str, PspSpec] = {}
    for module in sorted(pkgutil.iter_modules(psps.__path__), key=lambda entry: entry.name):
        if module.name in _NOT_SPECS or module.name.startswith("_"):
            continue
        values = vars(importlib.import_module(f"{psps.__name__}.{module.name}")).values()
        specs = [value for value in values if isinstance(value, PspSpec)]
        if len(specs) != 1 or specs[0].psp != module.name:
            raise InvariantBroken(f"psps/{module.name}.py must hold exactly one PspSpec, and its psp must be '{module.name}'")
        found[module.name] = specs[0]
    return found


SPECS: Mapping[str, PspSpec] = MappingProxyType(_discover())

"""Which PSPs can be driven, and the gateway of an account. For composition roots.

The trap: every SDK imported by every command, most of which drive no PSP: an adapter is imported when its gateway is asked for.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol

from transactional.payments import gateways
from transactional.payments.gateways.account import GatewayAccount, Now
from transactional.payments.orchestration.gateway import Gateway
from transactional.vocabulary.errors import InputRejected

_NOT_ADAPTERS = frozenset({"account", "configured", "registry", "transport", "wire"})

DRIVEN: frozenset[str] = frozenset(
    module.name for module in pkgutil.iter_modules(gateways.__path__) if module.name not in _NOT_ADAPTERS and not module.name.startswith("_")
)
"""The PSPs that have an adapter: the files of this folder."""


class Connected(Gateway, Protocol):
    """A gateway that holds connections until it is closed."""

    def close(self) -> None:
        """End the connections."""


def open_gateway(account: GatewayAccount, now: Now) -> Connected:
    """The gateway of an account. `now` tells when an answer came. Raises: InputRejected (`not_driven`)."""
    if account.psp not in DRIVEN:
        raise InputRejected(f"no adapter drives '{account.psp}'; there is one for {', '.join(sorted(DRIVEN))}", code="not_driven")
    gateway: Connected = importlib.import_module(f"{gateways.__name__}.{account.psp}").connect(account, now)
    return gateway

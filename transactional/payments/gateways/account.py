"""Where a gateway finds its PSP and with which key. For composition roots, which make one from their settings; adapters only read it.

The traps: a key in a repr, so that it stands in a log; a test that reaches the real PSP because the URL had a default.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class GatewayAccount:
    """One of our accounts at one PSP. `base_url` is the API's root without a version; `payout_url` the root of a separate payout API, where the PSP has one.

    `proxy`: the only proxy that is used; those of the environment are not (they would see payments nobody meant to show them).
    """

    psp: str
    base_url: str
    api_key: str = field(repr=False)
    payout_url: str | None = None
    proxy: str | None = field(default=None, repr=False)

"""Which PSPs a service drives, out of its settings. For the composition root.

The trap: a key repeated in the message that says the setting is wrong.
"""

from __future__ import annotations

import re

from transactional.payments.gateways.account import GatewayAccount
from transactional.vocabulary.errors import InputRejected

_ONE = re.compile(r"(?P<psp>[a-z0-9_]+)=(?P<key>[^@,;]+)@(?P<url>https?://[^,;@]+)(?:;(?P<payouts>https?://[^,;@]+))?")


def parse_gateways(text: str) -> tuple[GatewayAccount, ...]:
    """The accounts of a `COUNTROOM_GATEWAYS` value: `psp=api key@base URL`, where needed `;payout URL`, separated by commas.

    Raises: InputRejected (`settings`), never with a key in its message.
    """
    found: dict[str, GatewayAccount] = {}
    for place, part in enumerate(filter(None, (piece.strip() for piece in text.split(","))), 1):
        matched = _ONE.fullmatch(part)
        if matched is None:
            raise InputRejected(
                f"COUNTROOM_GATEWAYS: entry {place} is not psp=key@https://base;https://payouts (the last part may be left out)", code="settings"
            )
        psp = matched["psp"]
        if psp in found:
            raise InputRejected(f"COUNTROOM_GATEWAYS: '{psp}' is given twice", code="settings")
        found[psp] = GatewayAccount(psp, matched["url"].rstrip("/"), matched["key"], matched["payouts"])
    return tuple(found.values())

"""Which of our accounts could take an attempt at all: those whose contract names its currency. For the router.

Pure. The trap: a second list of PSPs for routing. An account that is registered is a candidate; what it may not take is a rule of the policy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache

from transactional.payments.merchant_accounts import MERCHANT_ACCOUNTS, MerchantAccount
from transactional.payments.routing.request import Candidate, RouteRequest


def candidates_among(accounts: Sequence[MerchantAccount] = MERCHANT_ACCOUNTS) -> Callable[[RouteRequest, date], Sequence[Candidate]]:
    """Gives the candidates of a request among the accounts valid on a day; of two accounts at one PSP the first in the list."""
    of_currency = lru_cache(maxsize=1024)(lambda currency, on: _candidates(currency, on, accounts))
    return lambda request, on: of_currency(request.currency, on)


def _candidates(currency: str, on: date, accounts: Sequence[MerchantAccount]) -> tuple[Candidate, ...]:
    found: dict[str, Candidate] = {}
    for account in accounts:
        if currency in account.settlement_currency and account.since <= on < account.until:
            found.setdefault(account.psp, Candidate(account.psp, account.account))
    return tuple(found.values())

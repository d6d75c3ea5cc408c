"""The one list of domains. A domain is one word in every place it appears: folder, schema, group, suite, test folder, docs.

A test compares the places; adding a domain is one row here plus what that test then asks for.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Domain:
    """A field of the business and who answers for it. `owner` is a Dagster owner (`team:...`)."""

    name: str
    owner: str
    built: bool = False


DOMAINS: tuple[Domain, ...] = (
    Domain("ledger", "team:finance", built=True),
    Domain("payments", "team:payments", built=True),
    Domain("reconciliation", "team:finance", built=True),
    Domain("poker", "team:poker"),
    Domain("games", "team:games"),
    Domain("risk", "team:risk"),
    Domain("responsible_gaming", "team:compliance"),
    Domain("kyc", "team:compliance"),
    Domain("audit", "team:compliance"),
    Domain("bonus", "team:marketing"),
    Domain("affiliates", "team:marketing"),
    Domain("crm", "team:marketing"),
    Domain("loyalty", "team:marketing"),
    Domain("experiments", "team:marketing"),
    Domain("offers", "team:marketing"),
    Domain("reporting", "team:finance"),
)

BY_NAME = {domain.name: domain for domain in DOMAINS}
PLATFORM_OWNER = "team:platform"

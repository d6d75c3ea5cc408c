"""Where would the next attempt go? The card that leads and one decision, explained, as the router in the service would make it. For `countroom demo`.

Reads what is served, as the routing service's own role. The decision is for the moment of the card's newest outcome and is not logged: nobody is paying.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Engine

from transactional.payments.routing.candidates import candidates_among
from transactional.payments.routing.explaining import explained
from transactional.payments.routing.policies import policy_on
from transactional.payments.routing.request import RouteRequest
from transactional.payments.routing.router import Router
from transactional.payments.scorecards.client import ScorecardClient
from transactional.payments.scorecards.reading import ScorecardShelf
from transactional.vocabulary.errors import Refused

# a currency that more than one PSP of the demo casino takes
EXAMPLE = RouteRequest(UUID(int=1), country="JP", method="card", currency="JPY", amount_minor=5_000)


def next_attempt(served: Engine, example: RouteRequest = EXAMPLE) -> list[str]:
    """Lines for a person. `served`: an engine of the warehouse in the router's role. Before the first card: one line that says so."""
    shelf = ScorecardShelf(served)
    try:
        manifest = shelf.current().manifest
    except Refused as refusal:
        return [f"routing: {refusal}"]
    client = ScorecardClient(shelf.fetch)
    client.poll(manifest.data_watermark)
    decision = Router(client, policy_on, candidates_among()).decide(example, manifest.data_watermark)
    amount = f"{example.amount_minor:,} minor units of {example.currency} by {example.method} from {example.country}"
    return [
        f"scorecard: version {manifest.version} leads, {manifest.row_count} rows, newest outcome {manifest.data_watermark:%Y-%m-%d %H:%M} UTC",
        f"a deposit of {amount} would go to {decision.action.psp} ({decision.action.account}):",
        *[f"  {sentence.english}" for sentence in explained(decision)],
    ]

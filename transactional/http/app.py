"""The service as an ASGI application: composition root of the HTTP edge.

`uvicorn transactional.http.app:create_app --factory`. The trap: settings read in a route, a pool made per request, docs that differ from what
is served. Everything a route needs hangs on one `Service`, made here.
"""

from __future__ import annotations

import secrets
from asyncio import create_task, gather
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI

from transactional.db.engine import ROUTER_ROLE, SERVICE_ROLE, make_engine
from transactional.db.location import locate_databases
from transactional.http import health, problems
from transactional.http.deps import Service, database_clock
from transactional.http.guard import NoTraces
from transactional.http.keys import parse_keys, parse_webhook_secrets
from transactional.http.limits import BodyLimit
from transactional.ledger import api as ledger_api
from transactional.ledger.expiry import keep_expiring_holds
from transactional.payments import api as payments_api
from transactional.payments import webhook_api
from transactional.payments.decisions import api as decisions_api
from transactional.payments.decisions.chooser import heard_by, in_order, routed
from transactional.payments.gateways.configured import parse_gateways
from transactional.payments.gateways.registry import open_gateway
from transactional.payments.orchestration.orchestrator import Orchestrator, Seams, keep_sweeping
from transactional.payments.routing.candidates import candidates_among
from transactional.payments.routing.policies import policy_on
from transactional.payments.routing.router import Router
from transactional.payments.scorecards import api as scorecards_api
from transactional.payments.scorecards.client import ScorecardClient
from transactional.payments.scorecards.polling import keep_polling
from transactional.payments.scorecards.reading import ScorecardShelf
from transactional.reconciliation import api as reconciliation_api
from transactional.reconciliation import close_api
from transactional.reconciliation.close_requests import api as close_request_api
from transactional.reconciliation.suggested import api as suggestion_api
from transactional.settings import Settings, load_settings
from transactional.telemetry import switch_off_telemetry

_DESCRIPTION = """
Writes the facts of an online casino's money: accounts, transfers, holds, payment intents and attempts, and what PSPs report by webhook.

- Amounts are integers of minor units (`amount_minor`) beside an ISO 4217 `currency`.
- Every POST needs an `Idempotency-Key`: the same key with the same body returns the first answer, with another body 409. Webhooks are the
  exception: a PSP cannot send the header, so their key comes from the event itself.
- Errors are `application/problem+json` with a stable `code`.
"""


_TAGS = [
    {"name": "ledger", "description": "Accounts, entries and holds. Money moves by balanced entries that are never changed, only reversed."},
    {"name": "payments", "description": "What players want, tries at PSPs, and what happened to them."},
    {"name": "routing", "description": "Which PSP an attempt goes to, and why the others went where they went."},
    {"name": "scorecards", "description": "How each PSP does in each cell of traffic: what a routing service decides by."},
    {"name": "reconciliation", "description": "The work on breaks, suggested matches, and the closes of days. Maker and checker differ."},
    {"name": "webhooks", "description": "Where PSPs deliver; signed by the PSP instead of an API key."},
    {"name": "health", "description": "For load balancers and whoever is woken at night. Needs no key."},
]


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application. Starts (and leases) the local PostgreSQL when no database URL is configured."""
    switch_off_telemetry()
    settings = settings or load_settings()
    databases = locate_databases(settings)
    engine = make_engine(databases.app_url, role=SERVICE_ROLE, application_name="countroom api", statement_timeout_ms=15_000)
    # what is served of the warehouse is read with the rights of a routing service, which has no others
    served = make_engine(databases.warehouse_url, role=ROUTER_ROLE, application_name="countroom api scorecards", statement_timeout_ms=15_000)

    shelf = ScorecardShelf(served)
    client = ScorecardClient(shelf.fetch)
    clock = partial(database_clock, engine)
    router = Router(client, policy_on, candidates_among())
    gateways = {one.psp: open_gateway(one, clock) for one in parse_gateways(settings.gateways.get_secret_value())}
    plugged = Seams(gateways, routed(router, in_order(candidates_among())), heard=heard_by(router))
    orchestrator = Orchestrator(engine, plugged) if gateways else None

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        kept = [keep_expiring_holds(engine), keep_polling(client, clock, secrets.SystemRandom().random)]
        tasks = [create_task(one) for one in (*kept, *([keep_sweeping(orchestrator)] if orchestrator else []))]
        yield
        for task in tasks:
            task.cancel()
        await gather(*tasks, return_exceptions=True)  # what is in a thread ends first: it holds a connection
        for gateway in gateways.values():
            gateway.close()
        engine.dispose()
        served.dispose()

    app = FastAPI(title="countroom", version=version("countroom"), description=_DESCRIPTION, openapi_tags=_TAGS, lifespan=lifespan)
    app.state.service = Service(
        engine,
        parse_keys(settings.api_keys.get_secret_value()),
        parse_webhook_secrets(settings.webhook_secrets.get_secret_value()),
    )
    app.state.scorecards = shelf
    app.state.router = router
    app.state.orchestrator = orchestrator
    app.add_middleware(NoTraces)
    app.add_middleware(BodyLimit)
    problems.install(app)
    payments = (payments_api, decisions_api, scorecards_api, webhook_api)
    for routes in (health, ledger_api, *payments, reconciliation_api, suggestion_api, close_api, close_request_api):
        app.include_router(routes.router)
    return app

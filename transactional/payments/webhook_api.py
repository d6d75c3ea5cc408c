"""Where PSPs deliver their messages. One route for all PSPs; what a message means is the spec's business.

The trap: parsing before the signature is checked, or checking it on re-serialised JSON. The raw bytes go to the spec as they came. A message that is
genuine but unusable is answered as accepted: refusing it would make the PSP deliver it for thirty days; it is kept and shows in /health.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse

from transactional.db.unit_of_work import UnitOfWork
from transactional.http.deps import Service, service_of
from transactional.http.problems import documented
from transactional.ledger.service import Ledger
from transactional.payments.service import Payments
from transactional.payments.webhooks import Webhooks
from transactional.vocabulary.errors import InputRejected

router = APIRouter(prefix="/v1", tags=["webhooks"])

_ACCEPTED = "[accepted]"  # the words Adyen waits for; others only look at the status


@router.post(
    "/webhooks/{psp}",
    response_class=PlainTextResponse,
    responses=documented(401, 404, 409, 413, 422, 500, 503),
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}},
)
async def receive(
    request: Request,
    service: Annotated[Service, Depends(service_of)],
    psp: Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,40}$", description="The PSP that delivers.", examples=["adyen"])],
    account: Annotated[
        str | None, Query(max_length=100, pattern=r"^[\w.-]+$", description="Merchant account of the endpoint, if messages do not name it.")
    ] = None,
) -> PlainTextResponse:
    """Verify, keep and record one message. A repetition changes nothing and is accepted again."""
    body = await request.body()
    if not body:
        raise InputRejected("a webhook needs a body", code="empty_body")
    await run_in_threadpool(_receive, service, psp, body, dict(request.headers), account)
    return PlainTextResponse(_ACCEPTED)


def _receive(service: Service, psp: str, body: bytes, headers: dict[str, str], account: str | None) -> None:
    with UnitOfWork(service.engine) as work:
        payments = Payments(work.connection, Ledger(work.connection))
        now: datetime = work.connection.exec_driver_sql("select clock_timestamp()").scalar_one()
        Webhooks(work.connection, payments).receive(psp, body, headers, service.webhook_secrets.get(psp, ()), now, account=account)
        work.commit()

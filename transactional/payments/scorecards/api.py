"""Scorecards over HTTP, for a routing service that is not ours: the champion, any version, and nothing when nothing has changed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response

from transactional.http.deps import require
from transactional.http.keys import ApiKey
from transactional.http.problems import documented
from transactional.payments.scorecards.api_models import ScorecardOut
from transactional.payments.scorecards.columns import described
from transactional.payments.scorecards.reading import ScorecardShelf, Served

router = APIRouter(prefix="/v1/scorecards", tags=["scorecards"])

Reader = Annotated[ApiKey, Depends(require("scorecards:read"))]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", description="The ETag of the document the caller has.")]
AcceptEncoding = Annotated[str | None, Header(alias="Accept-Encoding", description="With gzip the document comes compressed.")]
_CACHING = "max-age=10, stale-if-error=3600"
_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "The caller's document is the one there is; no body."}}
_ANSWERS = _UNCHANGED | {200: {"model": ScorecardOut, "description": "The document."}} | documented(401, 403, 404, 422, 500, 503)
_WORDS = """The scorecard that routes now. Poll it with `If-None-Match`: 304 says that nothing has changed. The strong ETag is of content, version, status.

How old a card is counts from `data_watermark`. Up to two intervals: normal. To 15 minutes: explore half as much. To 60: promote nobody inside overlapping
intervals, and alert. Beyond, or past `expires_at`: a static priority. A card that cannot be read changes nothing: keep the last good one, under the same clock.

The columns of a row:
"""


def shelf_of(request: Request) -> ScorecardShelf:
    """The application's documents."""
    held = request.app.state.scorecards
    assert isinstance(held, ScorecardShelf)
    return held


Shelf = Annotated[ScorecardShelf, Depends(shelf_of)]


@router.get("/current", responses=_ANSWERS, description=_WORDS + "\n".join(described()))
def read_current(*, caller: Reader, shelf: Shelf, if_none_match: IfNoneMatch = None, accept_encoding: AcceptEncoding = None) -> Response:
    """The champion."""
    return _answer(shelf, shelf.current(), if_none_match, accept_encoding)


@router.get("/{version}", responses=_ANSWERS)
def read_version(
    *,
    version: Annotated[int, Path(ge=1, le=2**63 - 1, description="Number of the version.")],
    caller: Reader,
    shelf: Shelf,
    if_none_match: IfNoneMatch = None,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """One version, as it was published; its status is as it stands. For replaying a decision, or looking at a challenger."""
    return _answer(shelf, shelf.version(version), if_none_match, accept_encoding)


def _answer(shelf: ScorecardShelf, served: Served, if_none_match: str | None, accept_encoding: str | None) -> Response:
    zipped = _takes_gzip(accept_encoding)
    # the compressed bytes are another representation, and a strong tag is of bytes
    headers = {"ETag": f'"{served.etag}{"-gzip" if zipped else ""}"', "Cache-Control": _CACHING, "Vary": "Accept-Encoding"}
    if _has(if_none_match, served.etag):
        return Response(status_code=304, headers=headers)
    bodies = shelf.bodies(served)
    if zipped:
        return Response(bodies.zipped, media_type="application/json", headers=headers | {"Content-Encoding": "gzip"})
    return Response(bodies.plain, media_type="application/json", headers=headers)


def _has(if_none_match: str | None, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"').removesuffix("-gzip") for tag in (if_none_match or "").split(",")]
    return "*" in tags or etag in tags


def _takes_gzip(accept_encoding: str | None) -> bool:
    for part in (accept_encoding or "").lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in {"gzip", "*"} and weight.strip().replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
            return True
    return False

"""How a refusal looks from outside: one place that turns the five errors into problem+json (RFC 9457).

The trap: a stack trace, an SQL text or a secret in an answer, and a client that must parse prose. `code` is stable; `detail` is for people.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException

from transactional.http.expected import words_for
from transactional.vocabulary.errors import ContractBroken, CountroomError, InputRejected, InvariantBroken, Refused, Transient

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_STATUS_BY_CODE = {
    "unauthenticated": 401,
    "bad_signature": 401,
    "forbidden": 403,
    "not_found": 404,
    "unknown_psp": 404,
    "unknown_hold": 404,
    "unknown_entry": 404,
    "unknown_intent": 404,
    "unknown_attempt": 404,
    "no_scorecard": 404,
    "unknown_version": 404,
    "unknown_decision": 404,
    "insufficient_funds": 422,
    "idempotency_conflict": 409,
    "idempotency_key_missing": 400,
}
_STATUS_BY_CLASS: tuple[tuple[type[CountroomError], int], ...] = (
    (InputRejected, 422),
    (ContractBroken, 422),
    (Refused, 409),
    (Transient, 503),
    (InvariantBroken, 500),
)
_TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Refused",
    413: "Too large",
    415: "Not JSON",
    422: "Not acceptable",
    500: "Our fault",
    503: "Try again later",
}


_FRAMEWORK_WORDS = {
    # the only 400 the framework gives itself is for JSON that Python's reader gives up on
    400: "the body cannot be read: JSON is expected, and not nested without end",
    404: "there is nothing at this address; /docs lists what there is",
    405: "this address does not take this method; /docs lists what it takes",
}
_MOST_FIELDS, _LONGEST_NAME, _LONGEST_WORDS = 20, 60, 300


class FieldProblem(BaseModel):
    """One thing that is wrong with the request, and where."""

    where: str = Field(description="Path into the request, e.g. body.amount_minor.")
    expected: str = Field(description="What was expected there.")


class Problem(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:countroom:problem:insufficient_funds",
                    "title": "Not acceptable",
                    "status": 422,
                    "code": "insufficient_funds",
                    "detail": "the account does not have the funds",
                    "errors": [],
                }
            ]
        }
    )

    type: str = Field(description="urn:countroom:problem:<code>")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status again.")
    code: str = Field(description="Stable, for programs.")
    detail: str = Field(description="For people; holds ids, never secrets or personal data.")
    errors: list[FieldProblem] = Field(default_factory=list, description="What is wrong with the request, part by part; empty for other problems.")


def problem_response(
    status: int, code: str, detail: str, errors: list[FieldProblem] | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """A problem as an HTTP response."""
    problem = Problem(
        type=f"urn:countroom:problem:{code}", title=_TITLES.get(status, "Error"), status=status, code=code, detail=detail, errors=errors or []
    )
    return JSONResponse(problem.model_dump(), status_code=status, media_type=MEDIA_TYPE, headers=headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses` for a route that may answer with these problems."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {status: {"description": _TITLES[status], "model": Problem, "content": {MEDIA_TYPE: schema}} for status in statuses}


def status_of(error: CountroomError) -> int:
    """HTTP status of one of the five errors; a known code is more precise than its class."""
    if error.code in _STATUS_BY_CODE:
        return _STATUS_BY_CODE[error.code]
    return next((status for kind, status in _STATUS_BY_CLASS if isinstance(error, kind)), 500)


def install(app: FastAPI) -> None:
    """Answer every error of the service, of validation and of the framework as a problem; what nobody expected is guard.py's."""

    @app.exception_handler(CountroomError)
    async def refused(_request: Request, error: CountroomError) -> JSONResponse:
        status = status_of(error)
        if status >= 500:
            log.error("%s: %s", error.code, error)
        headers = {503: {"Retry-After": "1"}, 401: {"WWW-Authenticate": "Bearer"}}.get(status)
        return problem_response(status, error.code, "something is wrong on our side" if status == 500 else str(error), headers=headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        fields = [_field(item) for item in error.errors()[:_MOST_FIELDS]]
        if any("idempotency-key" in field.where.lower() for field in fields):
            return problem_response(
                400, "idempotency_key_missing", "every POST needs an Idempotency-Key header of 1 to 200 visible characters", fields
            )
        if any(field.where.startswith("body") for field in fields) and not _is_json(request):
            return problem_response(415, "not_json", "a body is JSON and says so: Content-Type: application/json")
        return problem_response(422, "invalid_request", "; ".join(f"{field.where}: {field.expected}" for field in fields[:5]), fields)

    @app.exception_handler(HTTPException)
    async def framework(_request: Request, error: HTTPException) -> JSONResponse:
        code = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(error.status_code, "refused")
        detail = _FRAMEWORK_WORDS.get(error.status_code, str(error.detail))
        return problem_response(error.status_code, code, detail, headers=dict(error.headers or {}))

    @app.exception_handler(OperationalError)
    async def database_away(_request: Request, error: OperationalError) -> JSONResponse:
        log.error("database: %s", type(error.orig).__name__)
        return _unavailable()

    @app.exception_handler(PoolExhausted)
    async def all_connections_busy(_request: Request, _error: PoolExhausted) -> JSONResponse:
        log.error("database: every connection of the pool is busy")
        return _unavailable()


def _unavailable() -> JSONResponse:
    return problem_response(503, "database_unavailable", "the database cannot be reached or is busy", headers={"Retry-After": "1"})


def _field(error: Mapping[str, Any]) -> FieldProblem:
    location = error["loc"][:1] if error["type"] == "json_invalid" else error["loc"]
    return FieldProblem(where=_where(location), expected=words_for(error))


def _where(location: Sequence[int | str]) -> str:
    """The path as the caller wrote it, cut: a name in it is the caller's and may be a megabyte long."""
    return ".".join(str(part)[:_LONGEST_NAME] for part in location)[:_LONGEST_WORDS]


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))

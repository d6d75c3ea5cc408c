"""How a refusal looks from outside: one place that turns the five errors into problem+json (RFC 9457).

The trap: a stack trace, an SQL text or a secret in an answer, and a client that must parse prose. `code` is stable; `detail` is for people.
"""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

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
    422: "Not acceptable",
    500: "Our fault",
    503: "Try again later",
}


class FieldProblem(BaseModel):
    """One thing that is wrong with the request, and where."""

    where: str = Field(description="Path into the request, e.g. body.amount_minor.")
    expected: str = Field(description="What was expected there.")


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(description="urn:countroom:problem:<code>")
    title: str
    status: int
    code: str = Field(description="Stable, for programs.")
    detail: str = Field(description="For people; holds ids, never secrets or personal data.")
    errors: list[FieldProblem] = Field(default_factory=list)


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
    """Answer every error of the service, of validation and of the framework as a problem."""

    @app.exception_handler(CountroomError)
    async def refused(_request: Request, error: CountroomError) -> JSONResponse:
        status = status_of(error)
        if status >= 500:
            log.error("%s: %s", error.code, error)
        headers = {503: {"Retry-After": "1"}, 401: {"WWW-Authenticate": "Bearer"}}.get(status)
        return problem_response(status, error.code, "something is wrong on our side" if status == 500 else str(error), headers=headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        fields = [FieldProblem(where=".".join(str(part) for part in item["loc"]), expected=str(item["msg"])) for item in error.errors()]
        missing_key = any("idempotency-key" in field.where.lower() for field in fields)
        if missing_key:
            return problem_response(
                400, "idempotency_key_missing", "every POST needs an Idempotency-Key header of 1 to 200 visible characters", fields
            )
        return problem_response(422, "invalid_request", "; ".join(f"{field.where}: {field.expected}" for field in fields[:5]), fields)

    @app.exception_handler(HTTPException)
    async def framework(_request: Request, error: HTTPException) -> JSONResponse:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused")
        return problem_response(error.status_code, code, str(error.detail), headers=dict(error.headers or {}))

    @app.exception_handler(OperationalError)
    async def database_away(_request: Request, error: OperationalError) -> JSONResponse:
        log.error("database: %s", type(error.orig).__name__)
        return problem_response(503, "database_unavailable", "the database cannot be reached or is busy", headers={"Retry-After": "1"})

    @app.exception_handler(Exception)
    async def bug(_request: Request, error: Exception) -> JSONResponse:
        log.error("unexpected %s", type(error).__name__, exc_info=error)
        return problem_response(500, "internal", "something is wrong on our side")

"""Every error as RFC 9457 problem details, so that a client reads one shape only."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"

log = logging.getLogger(__name__)


class InvalidParameter(BaseModel):
    """One input that was refused."""

    where: str
    reason: str


class ProblemView(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None
    invalid: list[InvalidParameter] | None = None


class Problem(Exception):  # noqa: N818 -- the word of RFC 9457
    """Refuse a request, saying why.

    Parameters
    ----------
    status
        HTTP status code.
    detail
        What was wrong with this request in particular.
    retry_after_s
        When to come again, where that helps.
    """

    def __init__(self, status: int, detail: str, *, retry_after_s: int | None = None) -> None:
        self.status = status
        self.detail = detail
        self.retry_after_s = retry_after_s
        super().__init__(detail)


def problem_response(
    status: int,
    *,
    detail: str | None = None,
    instance: str | None = None,
    headers: dict[str, str] | None = None,
    invalid: list[InvalidParameter] | None = None,
) -> Response:
    """Return the response that tells of a problem."""
    view = ProblemView(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=instance,
        invalid=invalid,
    )
    body = msgspec.json.encode(view.model_dump(exclude_none=True))
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries of the problems a route may answer with."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemView"}}},
        }
        for status in statuses
    }


def describe(schema: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI document with the shape of problems in it."""
    model = ProblemView.model_json_schema(ref_template="#/components/schemas/{model}")
    shapes = schema.setdefault("components", {}).setdefault("schemas", {})
    shapes.update(model.pop("$defs", {}))
    shapes["ProblemView"] = model
    return schema


def install(app: FastAPI) -> None:
    """Have `app` answer every error as a problem."""

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        wait = error.retry_after_s
        return problem_response(
            error.status,
            detail=error.detail,
            instance=request.url.path,
            headers=None if wait is None else {"Retry-After": str(wait)},
        )

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem_response(
            error.status_code,
            detail=None if error.detail == HTTPStatus(error.status_code).phrase else error.detail,
            instance=request.url.path,
            headers=dict(error.headers) if error.headers else None,
        )

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        invalid = [
            InvalidParameter(where=".".join(str(part) for part in e["loc"]), reason=e["msg"])
            for e in error.errors()
        ]
        return problem_response(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            detail="; ".join(f"{entry.where}: {entry.reason}" for entry in invalid),
            instance=request.url.path,
            invalid=invalid,
        )

    async def on_fault(request: Request, error: Exception) -> Response:
        log.error("request failed: %s %s", request.method, request.url.path, exc_info=error)
        return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, instance=request.url.path)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(Exception, on_fault)

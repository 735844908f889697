"""The API: what the library can, for programs; every answer that fails is a problem of RFC 9457."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, FastAPI

from castlist.web.api import archives, jobs, naming, people, runs
from castlist.web.api.common import Problem, need_match, problems


def routes() -> APIRouter:
    """All routes, below the version's prefix."""
    router = APIRouter(responses=problems(), dependencies=[Depends(need_match)])
    for part in (naming, people, runs, archives, jobs):
        router.include_router(part.router)
    return router


def describe(app: FastAPI) -> None:
    """Have the description of the API tell of problems, and of the token."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        described = plain()  # kept by the app: it is made once
        described["components"]["schemas"].setdefault("Problem", Problem.model_json_schema())
        described["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"token": []}]
        return described

    app.openapi = openapi  # type: ignore[method-assign]

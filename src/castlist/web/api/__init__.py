"""The API: what the library can, for programs; every answer that fails is a problem of RFC 9457."""

from __future__ import annotations

from fastapi import APIRouter

from castlist.web.api import archives, jobs, naming, people, runs
from castlist.web.api.common import problems


def routes() -> APIRouter:
    """All routes, below the version's prefix."""
    router = APIRouter(responses=problems())
    for part in (naming, people, runs, archives, jobs):
        router.include_router(part.router)
    return router

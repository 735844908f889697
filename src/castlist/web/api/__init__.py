"""The API: what the library can, for programs; every answer that fails is a problem of RFC 9457."""

from __future__ import annotations

from fastapi import APIRouter

from castlist.web.api import jobs


def routes() -> APIRouter:
    """All routes, below the version's prefix."""
    router = APIRouter()
    for part in (jobs,):
        router.include_router(part.router)
    return router

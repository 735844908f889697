"""The studio: pages for everybody in the house."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.staticfiles import StaticFiles

from castlist.web.studio import checking, deciding, export, images, learn, people, photos, start, trying, who, working

STATIC = Path(__file__).parent / "static"


def pages() -> APIRouter:
    """All pages."""
    router = APIRouter(include_in_schema=False)
    for part in (photos, images, deciding, who, people, start, working, learn, checking, trying, export):
        router.include_router(part.router)
    return router


def files() -> StaticFiles:
    """What the pages are made of: styles, scripts."""
    return StaticFiles(directory=STATIC)

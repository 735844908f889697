"""The studio: pages for everybody in the house."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from castlist.web.studio import checking, deciding, export, images, learn, people, photos, start, trying, who, working

STATIC = Path(__file__).parent / "static"


def pages() -> list[BaseRoute]:
    """All pages."""
    parts = (photos, images, deciding, who, people, start, working, learn, checking, trying, export)
    return [route for part in parts for route in part.router.routes]


def files() -> StaticFiles:
    """What the pages are made of: styles, scripts."""
    return StaticFiles(directory=STATIC)

"""All pages but the first ones."""

from __future__ import annotations

from starlette.routing import BaseRoute

from castlist.web.studio import checking, deciding, export, images, learn, people, photos, start, trying, who, working


def pages() -> list[BaseRoute]:
    """All pages but the first ones."""
    parts = (photos, images, deciding, who, people, start, working, learn, checking, trying, export)
    return [route for part in parts for route in part.router.routes]

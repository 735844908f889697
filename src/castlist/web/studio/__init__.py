"""The studio: pages for everybody in the house."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).parent / "static"


def pages() -> APIRouter:
    """All pages."""
    return APIRouter(include_in_schema=False)


def files() -> StaticFiles:
    """What the pages are made of: styles, scripts."""
    return StaticFiles(directory=STATIC, check_dir=False)

"""The app of a house: the guard, the API, the pages."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware

from castlist import __version__
from castlist.faces import Finder, find_faces
from castlist.web import api, studio
from castlist.web.desk import Desk
from castlist.web.guard import Guard
from castlist.web.handlers import explain_problems
from castlist.web.house import House
from castlist.web.pace import Pace

PREFIX = "/api/v1"
FIELDS = 10  # of a form, beside its files
# Else variables of the environment could have it report to somebody else's machine what is asked for.
SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def make_app(house: House, *, finder: Finder = find_faces) -> FastAPI:
    """Make the app of a house; one for each process.

    Args:
        house: What it is of.
        finder: What finds faces in photos that are sent.
    """
    desk = Desk(house, finder=finder)
    app = FastAPI(
        title="castlist",
        version=__version__,
        description="Who is who in photos. docs/api.md shows it at work.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its scripts are another host's
        redoc_url=None,
        form_limits={"max_files": house.limits.files, "max_fields": FIELDS},
        telemetry=SILENT,
        middleware=[Middleware(Guard, house=house), Middleware(Pace, desk=desk)],
    )
    app.state.desk = desk
    explain_problems(app)
    app.include_router(api.routes(), prefix=PREFIX)
    api.describe(app)
    app.router.routes += studio.pages()  # as they are: to include a router is to make its routes once more
    app.mount("/static", studio.files())
    return app

"""The API, and all pages but the first ones."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from castlist import __version__
from castlist.web import api, studio
from castlist.web.handlers import explain_problems
from castlist.web.house import Limits

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


def make_rest(limits: Limits) -> FastAPI:
    """Make what answers all but the first pages."""
    app = FastAPI(
        title="castlist",
        version=__version__,
        description="Who is who in photos. docs/api.md shows it at work.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its scripts are another host's
        redoc_url=None,
        redirect_slashes=False,  # no address has two
        form_limits={"max_files": limits.files, "max_fields": FIELDS},
        telemetry=SILENT,
    )
    explain_problems(app)
    app.include_router(api.routes(), prefix=PREFIX)
    api.describe(app)
    app.router.routes += studio.pages()  # as they are: to include a router is to make its routes once more
    return app

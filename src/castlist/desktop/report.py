"""A run's report in the browser, made anew where people came or left since it was written."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from castlist.desktop.desk import Desk
from castlist.desktop.process import Process
from castlist.errors import CastlistError
from castlist.jobs import Event, Refresh, Refreshed
from castlist.run import Run


def show_report(desk: Desk, run: Run) -> None:
    """Open the report of a run."""
    if run.report_path.exists() and run.answers_path.exists():
        open_page(run.report_path)
        return

    def hear(event: Event) -> None:
        if isinstance(event, Refreshed) and event.report:
            open_page(event.report)
        elif isinstance(event, Refreshed):
            desk.notice.tell(lambda translate: translate("There were too few photos to measure how well."))

    def end(error: CastlistError | None) -> None:
        desk.status.idle()
        desk.status.say(lambda _: "")
        desk.notice.complain(error)

    desk.status.busy(0)
    desk.status.say(lambda translate: translate("Measuring how well they are known…"))
    Process(desk.worker).start(Refresh(run.path, desk.texts.language), hear, end)


def open_page(page: Path) -> None:
    """Show a page in the browser."""
    webbrowser.open(page.resolve().as_uri())

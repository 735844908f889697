"""A run's report in the browser, made anew where people came or left since it was written."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path

from castlist.desktop.desk import Desk
from castlist.desktop.process import Process
from castlist.desktop.worker import Task
from castlist.errors import CastlistError
from castlist.jobs import Event, Refresh, Refreshed
from castlist.run import Run

OPENING = 3.0  # seconds after which a browser is believed to be open


def show_report(desk: Desk, run: Run) -> None:
    """Open the report of a run."""
    if run.report_path.exists() and run.answers_path.exists():
        open_page(desk, run.report_path)
        return

    def hear(event: Event) -> None:
        if isinstance(event, Refreshed) and event.report:
            open_page(desk, event.report)
        elif isinstance(event, Refreshed):
            desk.notice.tell(lambda translate: translate("There were too few photos to measure how well."))

    def end(error: CastlistError | None) -> None:
        desk.status.idle()
        desk.status.say(lambda _: "")
        desk.notice.complain(error)

    desk.status.busy(0)
    desk.status.say(lambda translate: translate("Measuring how well they are known…"))
    Process(desk.worker).start(Refresh(run.path, desk.texts.language), hear, end)


def open_page(desk: Desk, page: Path) -> None:
    """Show a page in the browser; where there is none, say where the page lies."""

    def work(_: Task) -> Iterator[bool]:
        said: list[bool] = []
        # Some browsers return when they are closed; those are open.
        opening = threading.Thread(target=lambda: said.append(webbrowser.open(page.resolve().as_uri())), daemon=True)
        opening.start()
        opening.join(OPENING)
        yield said != [False]

    def take(is_open: bool) -> None:
        if not is_open:
            desk.notice.tell(
                lambda translate: translate("No browser can be opened here. The page lies in {path}").format(path=page)
            )

    desk.do(work, take)

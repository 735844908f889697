"""Learn: a cast from a folder of folders, the runs there are, and their reports."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from fastapi import Form, Query, Request, Response
from fastapi.responses import FileResponse

from castlist.errors import RunError
from castlist.jobs import Learn, Resume
from castlist.languages import speaker
from castlist.learning import check_installed, compare_answers, comparison_rows, describe_duel, read_evaluation
from castlist.media import holds_people
from castlist.run import Run, find_runs, open_run, read_history
from castlist.settings import MODELS, read_settings
from castlist.web.desk import Desk, desk_of
from castlist.web.problems import scope_language
from castlist.web.studio.choosing import Choice, folders_in, open_choice, roots_of
from castlist.web.studio.page import render, watch
from castlist.web.studio.routing import page_router

# The report brings its own styles and pictures, and no script.
REPORT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"

router = page_router()


@dataclasses.dataclass(frozen=True)
class Known:
    """A run as the page lists it."""

    run: Run
    accuracy: float | None  # on validation, where it was trained in epochs

    @property
    def is_tested(self) -> bool:
        """Whether it has answers, which can be compared with another's."""
        return self.run.complete and self.run.answers_path.is_file()


@router.get("/learn")
def learn(request: Request) -> Response:
    """What can be learnt from, how, and what was."""
    desk = desk_of(request)
    casts, others = _folders(desk)
    runs, broken = find_runs(desk.house.runs)
    at_work = [note for note in desk.jobs.notes() if not note.is_over]
    return render(
        request,
        "learn",
        casts=casts,
        others=others,
        decided=[one.path.name for one in desk.archives() if one.decisions.is_file()],
        models=[(name, kind.summary) for name, kind in MODELS.items()],
        runs=[_known(run) for run in reversed(runs)],
        broken=[(path.name, error.message) for path, error in broken.items()],
        at_work=at_work,
        is_learning=any(note.kind in ("Learn", "Resume") for note in at_work),
    )


@router.post("/learn")
def begin(
    request: Request,
    folder: Annotated[str, Form()],
    model: Annotated[str, Form()],
    name: Annotated[str, Form()] = "",
    epochs: Annotated[str, Form()] = "",
    whole: Annotated[bool, Form()] = False,
    marked: Annotated[bool, Form()] = False,
    settings: Annotated[str, Form()] = "",
) -> Response:
    """Learn, in the background."""
    desk = desk_of(request)
    chosen = read_settings(settings, model)
    if epochs.isdecimal():
        chosen = dataclasses.replace(chosen, epochs=int(epochs))
    if whole:
        chosen = dataclasses.replace(chosen, faces=False)
    check_installed(chosen)
    work = Learn(
        open_choice(desk, folder).path,
        chosen,
        desk.house.runs,
        name=name.strip() or None,
        language=scope_language(request.scope),
        from_regions=marked,
    )
    return watch(request, work, "/learn")


@router.post("/runs/{run}/resume")
def resume(request: Request, run: str) -> Response:
    """Go on with a run whose training was interrupted, in the background."""
    desk = desk_of(request)
    return watch(request, Resume(desk.run(run).path, language=scope_language(request.scope)), "/learn")


@router.get("/compare")
def compare(request: Request, run: Annotated[list[str] | None, Query()] = None) -> Response:
    """Runs beside each other: figures, settings that differ, and whether the difference is more than chance."""
    names = list(dict.fromkeys(run or []))
    if len(names) < 2:
        raise RunError("tick-two-runs", "Comparing needs two runs or more. Tick them under “What was learnt”.")
    translate = speaker(scope_language(request.scope))
    runs = [open_run(desk_of(request).run(name).path) for name in names]
    evaluations = [read_evaluation(one) for one in runs]
    duels = [
        list(describe_duel(names[0], name, compare_answers(evaluations[0], evaluation), translate))
        for name, evaluation in zip(names[1:], evaluations[1:], strict=True)
    ]
    return render(
        request, "compared", names=names, rows=list(comparison_rows(runs, evaluations, translate))[1:], duels=duels
    )


@router.get("/runs/{run}")
def report(request: Request, run: str) -> Response:
    """The report of a run, inside a page."""
    return render(request, "report", run=_reported(desk_of(request), run))


@router.get("/runs/{run}/report.html")
def report_itself(request: Request, run: str) -> Response:
    """The report of a run as it was written."""
    headers = {"Content-Security-Policy": REPORT_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return FileResponse(_reported(desk_of(request), run).report_path, media_type="text/html", headers=headers)


def _reported(desk: Desk, name: str) -> Run:
    """A run that has a report.

    Raises:
        CastlistError: If there is no such run, or it has none.
    """
    run = open_run(desk.run(name).path)
    if not run.report_path.is_file():
        raise RunError(
            "no-report-yet",
            "The run {name!r} has no report: it had too few photos to test with, or has been changed since.",
            name=name,
        )
    return run


def _known(run: Run) -> Known:
    history = read_history(run)
    return Known(run, max((row.val_accuracy for row in history), default=None))


def _folders(desk: Desk) -> tuple[list[Choice], list[Choice]]:
    """The roots, and the folders right below them: those in which each person has a folder, and the others."""
    folders = [one for root in roots_of(desk) for one in (root, *folders_in(root))]
    casts = [one for one in folders if holds_people(one.path)]
    return casts, [one for one in folders if one not in casts]

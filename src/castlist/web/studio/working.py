"""Work that takes long, on a page: how far it is, its curves, a button that stops it, and what became of it."""

from __future__ import annotations

from pathlib import Path

from fastapi import Request, Response

from castlist.jobs import ENDINGS, Event, Failed, Learnt, Stopped
from castlist.languages import speaker, translator
from castlist.learning import describe_diagnosis, diagnose
from castlist.run import open_run, read_history
from castlist.web.desk import desk_of
from castlist.web.problems import scope_language
from castlist.web.studio.page import render
from castlist.web.studio.routing import page_router

INTERRUPTED = "training-interrupted"  # the message of a work that can be gone on with

router = page_router()


@router.get("/work/{job}")
def work(request: Request, job: str, then: str = "/") -> Response:
    """A work as it is now; the page follows it by itself."""
    jobs = desk_of(request).jobs
    note = jobs.note(job)
    last = note.last
    return render(
        request,
        "work",
        note=note,
        waits=job in jobs.waiting() and any(one.id != job and not one.is_over for one in jobs.notes()),
        ends=" ".join(ENDINGS),
        title=_title(request, note.kind),
        failed=last.message if isinstance(last, Failed) else None,
        interrupted=_interrupted(last),
        stopped=isinstance(last, Stopped),
        accuracy=last.accuracy if isinstance(last, Learnt) else None,
        run=last.run.name if isinstance(last, Learnt) and last.report else None,
        advice=_advice(request, last),
        onward=then if then.startswith("/") and not then.startswith(("//", "/\\")) else "/",
    )


@router.post("/work/{job}/stop")
def stop(request: Request, job: str) -> Response:
    """Ask a work to stop and keep what it has."""
    desk_of(request).jobs.stop(job)
    return Response(status_code=204)


def _title(request: Request, kind: str) -> str:
    translate = speaker(scope_language(request.scope))
    titles = {
        "Gather": translate("Looking at the photos"),
        "Teach": translate("Learning from what was decided"),
        "Check": translate("Checking the photos"),
        "WriteTags": translate("Writing names"),
        "CopySorted": translate("Copying photos"),
        "Learn": translate("Learning"),
        "Resume": translate("Learning"),
    }
    return titles.get(kind, translate("At work"))


def _interrupted(last: Event | None) -> str | None:
    """The name of the run whose training can be gone on with."""
    if isinstance(last, Failed) and last.message.code == INTERRUPTED:
        return Path(str(last.message.values["run"])).name
    return None


def _advice(request: Request, last: Event | None) -> list[str]:
    """What the curves of a training say."""
    if not isinstance(last, Learnt):
        return []
    run = open_run(last.run)
    diagnosis = diagnose(read_history(run), len(run.sides["validation"]))
    return list(describe_diagnosis(diagnosis, translator(scope_language(request.scope)))) if diagnosis else []

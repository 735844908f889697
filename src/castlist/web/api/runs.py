"""Runs: listed, learnt, gone on with, reported."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import Field

from castlist.errors import CastlistError, SettingsError
from castlist.jobs import Learn, Refresh, Resume
from castlist.paths import spell
from castlist.run import Run as RunRecord
from castlist.run import list_runs, read_accuracy
from castlist.settings import DLIB, Settings
from castlist.web.api.common import At, Language, Limit, Offset, Page, RunName, Sent, tag
from castlist.web.api.jobs import Job, Key

LEADS_ELSEWHERE = ("network", "weights", "weights_sha256", "tensorboard")  # settings that name a file, or write one
REPORT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"

router = APIRouter(tags=["runs"])


class Run(Sent):
    """What was learnt from a folder of photos."""

    name: str = Field(examples=["avengers"])
    created: str
    model: str
    people: int
    photos: int
    accuracy: float | None = Field(description="On the test photos.")
    is_complete: bool = Field(description="Whether it can name; else it can be gone on with.")
    generation: int = Field(description="Raised by each change.")

    @classmethod
    def of(cls, run: RunRecord) -> Run:
        """A run's record as it is sent."""
        return cls(
            name=spell(run.path.name),
            created=run.created,
            model=run.settings.model,
            people=len(run.people),
            photos=sum(map(len, run.sides.values())),
            accuracy=read_accuracy(run),
            is_complete=run.complete,
            generation=run.generation,
        )


class PhotoFolder(Sent):
    """A folder of photos of the house."""

    root: int = Field(default=0, ge=0, description="Which of the folders that castlist serve was given, from 0.")
    below: str = Field(default="", description="A folder below it.", examples=["cast"])


class Training(Sent):
    """What is to be learnt."""

    photos: PhotoFolder
    name: str | None = Field(default=None, description="Of the run; by default what and when.", examples=["avengers"])
    settings: dict[str, Any] = Field(default={}, description="As in a settings file.", examples=[{"model": "face"}])
    from_regions: bool = Field(
        default=False, description="Learn whom other programs have named in the photos, not by folder."
    )


@router.get("/runs")
def list_all(desk: At, offset: Offset = 0, limit: Limit = 100) -> Page[Run]:
    """The runs of the house, oldest first."""
    runs = list_runs(desk.house.runs)
    page = Page.cut(runs, offset, limit)
    return Page(items=[Run.of(run) for run in page.items], total=page.total, next=page.next)


@router.get("/runs/{run}")
def show(desk: At, request: Request, response: Response, run: RunName) -> Run:
    """A run."""
    folder = desk.run(run)
    tag(request, response, folder)
    return Run.of(folder.read(lambda run: run))


@router.get("/runs/{run}/report", response_class=HTMLResponse)
def report(desk: At, run: RunName) -> Response:
    """A run's report, a page."""
    path = desk.run(run).read(lambda run: run).report_path
    try:
        page = path.read_bytes()
    except OSError as error:
        raise CastlistError("no-report", "The run {run!r} has no report.", run=run) from error
    return Response(page, media_type="text/html; charset=utf-8", headers={"content-security-policy": REPORT_POLICY})


@router.post("/runs", status_code=202)
def learn(desk: At, language: Language, training: Training, key: Key = None) -> Job:
    """Learn the people of a folder of photos, a folder each."""
    named = [name for name in LEADS_ELSEWHERE if training.settings.get(name) not in (None, False, DLIB)]
    if named:
        raise SettingsError(
            "setting-elsewhere", "The setting {name} leads to a file; only the command takes it.", name=named[0]
        )
    work = Learn(
        desk.photos(training.photos.root, training.photos.below),
        Settings.from_dict(training.settings),
        desk.house.runs.absolute(),
        training.name,
        language,
        training.from_regions,
    )
    return Job.begin(desk, work, key)


@router.post("/runs/{run}/resume", status_code=202)
def resume(
    desk: At,
    language: Language,
    run: RunName,
    epochs: Annotated[int | None, Body(embed=True, ge=1, le=100_000)] = None,
    key: Key = None,
) -> Job:
    """Go on with a run whose training was interrupted."""
    return Job.begin(desk, Resume(desk.run(run).path, epochs, language), key)


@router.post("/runs/{run}/refresh", status_code=202)
def refresh(desk: At, language: Language, run: RunName, key: Key = None) -> Job:
    """Learn a run anew with the newest networks, from the photos it knows."""
    return Job.begin(desk, Refresh(desk.run(run).path, language), key)

"""Works that take long: listed, watched as server-sent events, stopped."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Header, Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from castlist.jobs import ENDINGS, Event, Work, write_event
from castlist.web.api.common import At, Limit, Offset, Page, Sent
from castlist.web.desk import Desk
from castlist.web.jobs import JobNote

PAUSE = 0.2  # seconds between two looks at what was told
ALIVE = 15.0  # seconds after which a silent stream says that it is one

router = APIRouter(tags=["jobs"])
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Sent again with the same, nothing is begun anew.",
    ),
]


class Job(Sent):
    """A work that takes long."""

    id: str = Field(examples=["1764144000000-0f1e2d3c"])
    kind: str = Field(examples=["Fill"])
    begun: float = Field(description="Seconds since 1970.")
    told: int = Field(description="How many events so far.")
    last: dict[str, Any] | None = Field(description='The last event: its kind as "event", its fields as "is".')
    is_over: bool

    @classmethod
    def begin(cls, desk: Desk, work: Work, key: str | None) -> Job:
        """Have a work done."""
        return cls.of(desk.jobs.note(desk.jobs.begin(work, key=key)))

    @classmethod
    def of(cls, note: JobNote) -> Job:
        """A note as it is sent."""
        last = None if note.last is None else event_of(note.last)
        return cls(id=note.id, kind=note.kind, begun=note.begun, told=note.told, last=last, is_over=note.is_over)


def event_of(event: Event) -> dict[str, Any]:
    """An event as it is sent: its kind as "event", its fields as "is"."""
    record: dict[str, Any] = json.loads(write_event(event))
    return record


@router.get("/jobs")
def list_jobs(desk: At, offset: Offset = 0, limit: Limit = 100) -> Page[Job]:
    """All works, the newest first."""
    return Page.cut([Job.of(note) for note in desk.jobs.notes()], offset, limit)


@router.get("/jobs/{job}")
def show_job(desk: At, job: str) -> Job:
    """A work as it is now."""
    return Job.of(desk.jobs.note(job))


@router.post("/jobs/{job}/stop", status_code=202)
def stop_job(desk: At, job: str) -> Job:
    """Ask a work to stop and keep what it has."""
    desk.jobs.stop(job)
    return Job.of(desk.jobs.note(job))


@router.get("/jobs/{job}/events", response_class=StreamingResponse)
async def watch_job(
    desk: At,
    job: str,
    start: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
    last_event_id: Annotated[int | None, Header(ge=0, le=1_000_000_000)] = None,
) -> StreamingResponse:
    """What a work tells, as server-sent events up to its end; a browser that lost the stream goes on where it was."""
    first = start if last_event_id is None else last_event_id + 1
    await run_in_threadpool(desk.jobs.note, job)  # says so where there is none
    return StreamingResponse(stream_events(desk, job, first), media_type="text/event-stream")


async def stream_events(desk: Desk, job: str, start: int = 0) -> AsyncIterator[str]:
    """The events of a work as a stream says them, up to the end."""
    number, place, silent = 0, 0, 0.0
    while not desk.is_leaving:
        lines, place = await run_in_threadpool(desk.jobs.told, job, place)
        for line in lines:
            record = json.loads(line)
            if number >= start:
                yield f"id: {number}\nevent: {record['event']}\ndata: {json.dumps(record['is'])}\n\n"
            number += 1
            if record["event"] in ENDINGS:
                return
        silent = 0.0 if lines else silent + PAUSE
        if silent >= ALIVE:
            yield ": still here\n\n"
            silent = 0.0
        await anyio.sleep(PAUSE)

"""What all routes share: sentences, pages of lists, tags of generations, and the problems that every answer may be."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from castlist.errors import Message, RunError
from castlist.faces import Box
from castlist.languages import translate_message
from castlist.run import RunFolder
from castlist.web.desk import Desk, desk_of
from castlist.web.guard import SAFE
from castlist.web.handlers import NotModified
from castlist.web.problems import MEDIA_TYPE, scope_language

T = TypeVar("T")


# Neither is called in a thread, whose turn would be waited for.
async def _desk(request: Request) -> Desk:
    return desk_of(request)


async def _language(request: Request) -> str:
    return scope_language(request.scope)


At = Annotated[Desk, Depends(_desk)]
Language = Annotated[str, Depends(_language)]
RunName = Annotated[str, Path(description="The run's name.", examples=["avengers"])]
Person = Annotated[str, Path(description="The person's name.", examples=["Ann"])]
Offset = Annotated[int, Query(ge=0, le=1_000_000_000, description="How many to pass over.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many to give at most.")]


class Sent(BaseModel):
    """What comes in or goes out; nothing that nobody knows."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """Why something can't be done, as RFC 9457 has it."""

    type: str = Field(examples=["urn:castlist:no-such-run"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    code: str = Field(description="The same whatever the language.", examples=["no-such-run"])
    detail: str = Field(description="One sentence or two, in the language asked for.")


class Sentence(Sent):
    """A sentence of the library's."""

    code: str
    text: str

    @classmethod
    def of(cls, message: Message, language: str) -> Sentence:
        """A message in a language."""
        return cls(code=message.code, text=translate_message(message, language))


class Page(Sent, Generic[T]):
    """A part of a list."""

    items: list[T]
    total: int
    next: int | None = Field(description="The offset of what follows; null: nothing does.")

    @classmethod
    def cut(cls, every: Sequence[Any], offset: int, limit: int) -> Page[Any]:
        """So many of a list's items."""
        end = offset + limit
        return cls(items=list(itertools.islice(every, offset, end)), total=len(every), next=_next(end, len(every)))


def problems() -> dict[int | str, dict[str, Any]]:
    """What every route may answer instead."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"4XX": {"description": "It can't be done.", "content": content}}


def tag(request: Request, response: Response, folder: RunFolder) -> None:
    """Say which generation of a run is told of.

    Raises:
        NotModified: If whoever asks has that.
    """
    etag = _etag(folder)
    if _tells_of(request.headers.get("if-none-match", ""), etag):
        raise NotModified(etag)
    response.headers["etag"] = etag


async def need_match(request: Request) -> None:
    """Refuse to change a run that isn't any more as whoever asks has seen it, where they say that.

    Raises:
        RunError: If so.
    """
    run, seen = request.path_params.get("run"), request.headers.get("if-match")
    if (
        run
        and seen is not None
        and request.method not in SAFE
        and not _tells_of(seen, _etag(desk_of(request).run(run)))
    ):
        raise RunError(
            "run-not-as-seen", "The run {run!r} has been changed since it was looked at. Look again, then ask.", run=run
        )


def edges(box: Box | None) -> list[float] | None:
    """Where a face is: left, top, right, bottom."""
    return None if box is None else [round(edge, 1) for edge in (box.left, box.top, box.right, box.bottom)]


def _etag(folder: RunFolder) -> str:
    return f'"{"-".join(f"{part:x}" for part in folder.stamp() or ())}"'


def _tells_of(told: str, etag: str) -> bool:
    """Whether a header tells of a generation, among others, or of any."""
    return etag in told or told.strip() == "*"


def _next(end: int, total: int) -> int | None:
    return end if end < total else None

"""Who is in a run: people who come, are called otherwise, and leave for good."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import Field

from castlist import people
from castlist.jobs import Retrain
from castlist.media import one_form
from castlist.run import Enrolled as Enrolment
from castlist.web.api.common import At, Language, Limit, Offset, Page, Person, RunName, Sent, Sentence, tag
from castlist.web.api.jobs import Job, Key
from castlist.web.api.naming import Face
from castlist.web.uploads import Uploads, read_photos

router = APIRouter(tags=["people"])


class Member(Sent):
    """Somebody whom a run knows."""

    name: str = Field(examples=["Ann"])
    photos: int = Field(description="That the run has learnt or was tested with.")
    enrolled: int = Field(description="Of them, those that came after it was learnt.")


class Added(Sent):
    """A face that somebody was enrolled with."""

    photo: str = Field(description="What the run calls the photo.")
    number: int = Field(description="Which face of the photo, from the left, from 1.")
    named: Face = Field(description="Who the run took it for before.")


class Refused(Sent):
    """A photo that nobody was enrolled with."""

    photo: str
    reason: Sentence


class Enrolled(Sent):
    """What became of the photos that somebody was to be enrolled with."""

    name: str
    added: list[Added]
    known: list[str] = Field(description="Passed over: the run knows the person by these already.")
    refused: list[Refused]
    doubts: list[Sentence] = Field(description="What speaks against an added face being the person's.")


class Receipt(Sent):
    """What was deleted of a person, and what still exists."""

    name: str
    removed: list[Sentence]
    remaining: list[Sentence]


class NewName(Sent):
    """What somebody is called from now on."""

    name: str = Field(examples=["Ann Lee"])


class Into(Sent):
    """Who somebody is, too."""

    name: str = Field(examples=["Bo"])


class TakenBack(Sent):
    """What was taken back."""

    name: str
    photos: list[str]


class Last(Sent):
    """What was enrolled last."""

    name: str = Field(examples=["Ann"])
    photos: list[str] = Field(
        min_length=1, description="As the answer of enrolling calls them.", examples=[["6d8e2fea25e85881"]]
    )

    def enrolment(self) -> Enrolment:
        """The same as a run has it."""
        name = one_form(self.name)
        return Enrolment(name=name, files=tuple(f"{name}/{photo}" for photo in self.photos))


@router.get("/runs/{run}/people")
def list_people(
    desk: At, request: Request, response: Response, run: RunName, offset: Offset = 0, limit: Limit = 100
) -> Page[Member]:
    """Who is in a run, in its order."""
    folder = desk.run(run)
    tag(request, response, folder)
    every = [Member(name=one.name, photos=one.photos, enrolled=one.enrolled) for one in people.list_people(folder.path)]
    return Page.cut(every, offset, limit)


@router.post("/runs/{run}/people/{person}/photos")
def enrol(
    desk: At,
    language: Language,
    run: RunName,
    person: Person,
    photos: Uploads,
    face: Annotated[int | None, Form(ge=1, description="Which face of the only photo, from the left.")] = None,
) -> Enrolled:
    """Add a person, or photos of one; sent again, the same photos are passed over."""
    done = people.enrol_by(desk.recognizer(run), person, read_photos(desk, photos), face=face)
    return Enrolled(
        name=person,
        added=[
            Added(photo=one.photo.name, number=one.number, named=Face.of(one.named, language)) for one in done.faces
        ],
        known=[photo.name for photo in done.known],
        refused=[Refused(photo=one.path.name, reason=Sentence.of(one.reason, language)) for one in done.refused],
        doubts=[Sentence.of(doubt, language) for doubt in done.doubts],
    )


@router.delete("/runs/{run}/people/{person}")
def forget(
    desk: At,
    language: Language,
    run: RunName,
    person: Person,
    archive: Annotated[str | None, Query(description="An archive that is to forget the person, too.")] = None,
    tags: Annotated[
        bool,
        Query(description="Take the name out of metadata, too, as far as castlist wrote it there."),
    ] = False,
) -> Receipt:
    """Delete a person for good."""
    also = None if archive is None else desk.archive(archive).path
    receipt = people.forget(desk.run(run).path, person, archive=also, tags=tags, embed=tags)
    desk.jobs.forget(receipt.name)
    return Receipt(
        name=receipt.name,
        removed=[Sentence.of(one, language) for one in receipt.removed],
        remaining=[Sentence.of(one, language) for one in receipt.remaining],
    )


@router.post("/runs/{run}/people/{person}/retrain", status_code=202)
def retrain(desk: At, run: RunName, person: Person, key: Key = None) -> Job:
    """Train a run anew without a person whom its weights have seen."""
    return Job.begin(desk, Retrain(desk.run(run).path, person), key)


@router.post("/runs/{run}/people/{person}/rename")
def rename(desk: At, run: RunName, person: Person, to: NewName) -> list[str]:
    """Call somebody otherwise; gives everybody's names."""
    return list(people.rename(desk.run(run).path, person, to.name).people)


@router.post("/runs/{run}/people/{person}/merge")
def merge(desk: At, run: RunName, person: Person, into: Into) -> list[str]:
    """Make two people one, who keeps the second name; gives everybody's names."""
    return list(people.merge(desk.run(run).path, person, into.name).people)


@router.post("/runs/{run}/undo")
def undo(desk: At, run: RunName, last: Last | None = None) -> TakenBack:
    """Take back what was enrolled last; where that is said, sent again, it is taken back once."""
    taken = people.undo(desk.run(run).path, only=None if last is None else last.enrolment())
    return TakenBack(name=taken.name, photos=list(taken.files))

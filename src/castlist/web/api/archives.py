"""Archives: made, asked, decided about."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Form, Query, UploadFile
from fastapi import File as FileField
from fastapi import Path as InPath
from pydantic import Field

from castlist import archive as library
from castlist.archive import Archive as OpenArchive
from castlist.archive import ArchivedFace
from castlist.archive import Decision as Decided
from castlist.errors import SettingsError
from castlist.jobs import Fill, Group
from castlist.media import UNKNOWN, one_form
from castlist.paths import name_below, spell
from castlist.people import teach as teach_run
from castlist.web.api.common import At, Limit, Offset, Page, Sent, edges
from castlist.web.api.jobs import Job, Key
from castlist.web.api.runs import PhotoFolder
from castlist.web.uploads import read_photos

router = APIRouter(tags=["archives"])

ArchiveName = Annotated[str, InPath(description="The archive's name.", examples=["album"])]
Day = Annotated[datetime.date | None, Query(description="A day, such as 2019-08-02.")]


class Archive(Sent):
    """What was seen of very many photos."""

    name: str = Field(examples=["album"])
    run: str
    photos: int
    empty: int = Field(description="Photos without a face.")
    failed: int = Field(description="Photos that can't be read.")
    gone: int = Field(description="Photos that were there once.")
    faces: int
    named: int
    perhaps: int


class Filling(Sent):
    """Which photos an archive is of, and who names them."""

    name: str = Field(examples=["album"])
    photos: PhotoFolder
    run: str | None = Field(default=None, description="By default the newest.")
    together: bool = Field(default=False, description="Let the photos help each other to be named.")


class Found(Sent):
    """A face of an archive."""

    photo: str = Field(description="Below the folder that the archive is of.", examples=["2019/harbour.jpg"])
    face: int = Field(description="Which of the photo's, from the left, from 1.")
    name: str
    probability: float
    perhaps: str | None
    is_decided: bool
    box: list[float] | None
    taken: datetime.datetime | None = Field(description="As the camera's clock showed it.")
    start: float | None = Field(description="Seconds; of a film.")
    end: float | None
    likeness: float | None

    @classmethod
    def of(cls, face: ArchivedFace, root: Path) -> Found:
        """A face as it is sent."""
        return cls(
            photo=name_below(root, face.path),
            face=face.number,
            name=face.name,
            probability=face.probability,
            perhaps=face.perhaps,
            is_decided=face.is_decided,
            box=edges(face.box),
            taken=face.taken,
            start=face.start,
            end=face.end,
            likeness=face.likeness,
        )


class Grouped(Sent):
    """Unnamed faces that are one person."""

    number: int
    faces: list[Found]


class Spot(Sent):
    """A face of an archive's photo."""

    photo: str = Field(examples=["2019/harbour.jpg"])
    face: int | None = Field(
        default=None, ge=1, description="From the left, from 1; may be left out where there is one."
    )


class Wish(Sent):
    """What is decided about a face."""

    kind: Literal["is", "is-not", "stranger", "no-face", "same", "different"]
    face: Spot
    name: str | None = Field(default=None, description='With "is" and "is-not".', examples=["Ann"])
    other: Spot | None = Field(default=None, description='With "same" and "different".')


class Decision(Sent):
    """What somebody decided about a face."""

    id: str
    who: str
    when: str
    kind: str
    name: str | None

    @classmethod
    def of(cls, decision: Decided) -> Decision:
        """A decision as it is sent."""
        return cls(id=decision.id, who=decision.who, when=decision.when, kind=decision.kind, name=decision.name)


class Name(Sent):
    """Who it is."""

    name: str = Field(examples=["Ann"])


class Taught(Sent):
    """What a run learnt from an archive."""

    added: dict[str, int] = Field(description="Of each person, how many faces.")
    apart: dict[str, int] = Field(description="Of each, how many faces are look-alikes.")
    freed: int = Field(description="Look-alikes of before that aren't decided any more.")


@router.get("/archives")
def list_all(desk: At, offset: Offset = 0, limit: Limit = 100) -> Page[str]:
    """The names of the archives."""
    return Page.cut([spell(folder.path.name) for folder in desk.archives()], offset, limit)


@router.post("/archives", status_code=202)
def make(desk: At, filling: Filling, key: Key = None) -> Job:
    """Look at all photos of a folder once, and keep who is in them; again: only what is new, changed or named anew."""
    work = Fill(
        desk.photos(filling.photos.root, filling.photos.below),
        desk.run(filling.run or desk.newest_run()).path,
        desk.new_archive(filling.name).path,
        filling.together,
    )
    return Job.begin(desk, work, key)


@router.get("/archives/{archive}")
def show(desk: At, archive: ArchiveName) -> Archive:
    """How much there is in an archive."""
    folder = desk.archive(archive)
    counts = dataclasses.asdict(OpenArchive(folder.path, only_decided=True).counts())
    return Archive(name=archive, run=spell(Path(folder.record().run).name), **counts)


@router.get("/archives/{archive}/people")
def list_people(desk: At, archive: ArchiveName, offset: Offset = 0, limit: Limit = 100) -> Page[str]:
    """Everybody whom a face is named or was decided to be."""
    people = OpenArchive(desk.archive(archive).path).people() - {UNKNOWN}
    return Page.cut(sorted(people), offset, limit)


@router.get("/archives/{archive}/faces")
def find(
    desk: At,
    archive: ArchiveName,
    name: Annotated[str, Query(description='Of a person, or "unknown".', examples=["Ann"])],
    beside: Annotated[Sequence[str], Query(alias="with", description="Who is in the photo, too.")] = (),
    without: Annotated[Sequence[str], Query(description="Who isn't in it.")] = (),
    since: Day = None,
    until: Day = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> Page[Found]:
    """The faces of somebody, the surest first."""
    asked = OpenArchive(desk.archive(archive).path)
    found = library.find_in_archive(asked, name, beside=beside, without=without, since=since, until=until)
    return _page(asked, found, offset, limit)


@router.post("/archives/{archive}/like")
def find_like(
    desk: At,
    archive: ArchiveName,
    photo: Annotated[UploadFile, FileField(description="Shows the face; it needn't be in the archive.")],
    face: Annotated[int | None, Form(ge=1, description="Which of its faces, from the left.")] = None,
    limit: Annotated[int, Form(ge=1, le=1000)] = 100,
) -> Page[Found]:
    """The faces that are like one in a photo, whoever they are, the likest first."""
    asked = OpenArchive(desk.archive(archive).path)
    found = library.find_like(asked, read_photos(desk, [photo])[0], face=face, finder=desk.finder)
    return _page(asked, found, 0, limit)


@router.post("/archives/{archive}/groups", status_code=202)
def group(desk: At, archive: ArchiveName, key: Key = None) -> Job:
    """Bring the unnamed faces together by person; their numbers stay."""
    return Job.begin(desk, Group(desk.archive(archive).path), key)


@router.get("/archives/{archive}/groups")
def list_groups(desk: At, archive: ArchiveName, offset: Offset = 0, limit: Limit = 100) -> Page[Grouped]:
    """The groups as they were last found, without whoever has a name by now; the largest first."""
    folder = desk.archive(archive)
    root = Path(folder.record().root)
    groups = library.read_groups(folder.path)
    some = [
        Grouped(number=one.number, faces=[Found.of(face, root) for face in one.faces])
        for one in groups[offset : offset + limit]
        if one.number is not None
    ]
    return Page(items=some, total=len(groups), next=Page.cut(groups, offset, limit).next)


@router.post("/archives/{archive}/groups/{number}/name")
def name_group(desk: At, archive: ArchiveName, number: int, to: Name) -> int:
    """Decide that a group is somebody; gives how many faces that are."""
    (group,) = library.name_groups(desk.archive(archive).path, {number: to.name})
    return len(group.faces)


@router.get("/archives/{archive}/decisions")
def list_decisions(desk: At, archive: ArchiveName, offset: Offset = 0, limit: Limit = 100) -> Page[Decision]:
    """What was decided and isn't taken back, in the order in which it was."""
    decisions = OpenArchive(desk.archive(archive).path).decisions
    return Page.cut([Decision.of(one) for one in decisions], offset, limit)


@router.post("/archives/{archive}/decisions")
def decide(desk: At, archive: ArchiveName, wish: Wish) -> Decision:
    """Decide who a face is; what holds already is not decided again."""
    asked = OpenArchive(desk.archive(archive).path)
    _need_parts(wish)
    spot = asked.spot(wish.face.photo, face=wish.face.face)
    other = asked.spot(wish.other.photo, face=wish.other.face) if wish.other else None
    name = None if wish.name is None else one_form(wish.name)
    about = [one for one in asked.decisions if spot in (one.face, one.other)]
    if about and (about[-1].kind, about[-1].face, about[-1].name, about[-1].other) == (wish.kind, spot, name, other):
        return Decision.of(about[-1])
    return Decision.of(asked.decide(wish.kind, spot, name=name, other=other))


@router.delete("/archives/{archive}/decisions/{decision}")
def take_back(desk: At, archive: ArchiveName, decision: str) -> Decision:
    """Take a decision back."""
    return Decision.of(OpenArchive(desk.archive(archive).path).undo(id=decision))


@router.post("/archives/{archive}/teach")
def teach(desk: At, archive: ArchiveName, run: Annotated[str, Body(embed=True, examples=["avengers"])]) -> Taught:
    """Enrol in a run the faces that somebody decided to be a person, and keep those apart that aren't."""
    done = teach_run(desk.run(run).path, desk.archive(archive).path)
    return Taught(added=done.added, apart=done.apart, freed=done.freed)


def _page(asked: OpenArchive, found: Sequence[ArchivedFace], offset: int, limit: int) -> Page[Found]:
    page = Page.cut(found, offset, limit)
    return Page(items=[Found.of(face, asked.root) for face in page.items], total=page.total, next=page.next)


def _need_parts(wish: Wish) -> None:
    """Refuse a wish that says less than its kind needs, or more.

    Raises:
        SettingsError: If so.
    """
    needs = (wish.kind in ("is", "is-not"), wish.kind in ("same", "different"))
    if (wish.name is not None, wish.other is not None) != needs:
        raise SettingsError(
            "decision-parts",
            'A decision {kind!r} needs a name only for "is" and "is-not", another face only for '
            '"same" and "different".',
            kind=wish.kind,
        )

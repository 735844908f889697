"""Names that people gave in other programs, taken over by an archive as decisions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from castlist.archive import Archive, ArchivedFace, ArchivedPhoto, Spot
from castlist.arguments import checked
from castlist.errors import CastError, CastlistError, Message
from castlist.faces import Box, match_faces
from castlist.media import MarkReader, check_person, folded, meant_by
from castlist.threads import OnCount

WHO = "photo metadata"  # as the decider of what other programs say

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Heard:
    """What an archive took over."""

    faces: int  # that were decided now
    faceless: int  # marks in which the archive knows no face


@checked
def hear_regions(
    archive: Archive, *, tell: Callable[[Message], None] | None = None, on_count: OnCount | None = None
) -> Heard:
    """Decide faces of an archive to be whom other programs call so: MWG, Microsoft, IPTC, Picasa, Takeout.

    What people decided here stays, whatever is said elsewhere; that is told. What was taken over once and taken back
    doesn't come back, and one undo takes back all that was taken over at once. What castlist itself wrote isn't heard.

    Args:
        archive: Opened.
        tell: Told what contradicts decisions, and what can't be read, a sentence each.
        on_count: Told how many photos were gone through, of how many.

    Raises:
        CastlistError: If decisions can't be read or written.
    """
    tell = tell or (lambda message: None)
    reader = MarkReader()
    # Others compare names without regard to case; who is here already is called as here.
    people = {folded(name): name for name in sorted(archive.people())}
    others, ever = archive.verdicts_but(WHO), archive.ever_named(WHO)
    total = archive.counts().photos if on_count else 0
    named: list[tuple[Spot, str]] = []
    faceless = 0
    for number, photo in enumerate(archive.photos(), start=1):
        if on_count:
            on_count(number, total)
        for name, face in _marked_in(photo, reader, tell):
            if face is None:
                faceless += 1
                continue
            try:
                name = people.setdefault(folded(name), meant_by(name, people.values()))
                check_person(name)
            except CastError as error:
                tell(
                    Message(
                        "region-passed-over", "{path!r}: {reason}", {"path": str(photo.path), "reason": error.message}
                    )
                )
                continue
            verdict = others.of.get((photo.digest, face.number))
            if verdict and (name in verdict.not_names or (verdict.is_final and verdict.name != name)):
                tell(
                    Message(
                        "region-otherwise",
                        "{path!r}, face {face}: another program calls it {name!r}; it was decided otherwise, and that "
                        "stays.",
                        {"path": str(photo.path), "face": face.number, "name": name},
                    )
                )
            elif not (verdict and verdict.is_final) and (photo.digest, name) not in ever:
                box = face.box
                named.append((Spot(photo.digest, (box.left, box.top, box.right, box.bottom)), name))
                ever.add((photo.digest, name))  # a copy of the photo is decided by the same line
    if named:
        archive.decide_names(named, who=WHO)
    logger.info("%d faces of an archive are called as other programs call them", len(named))
    return Heard(len(named), faceless)


def _marked_in(
    photo: ArchivedPhoto, reader: MarkReader, tell: Callable[[Message], None]
) -> Iterator[tuple[str, ArchivedFace | None]]:
    """Who is marked in a photo, and the face that is."""
    try:
        marked = reader.read(photo.path)
    except CastlistError:  # gone or changed by now: the archive will tell
        return
    for problem in marked.problems:
        tell(problem)
    names = marked.faces()
    chosen = match_faces([Box(*edges) for _, edges in names], [face.box for face in photo.faces])
    for (name, _), index in zip(names, chosen, strict=True):
        yield name, None if index is None else photo.faces[index]
    if not names and len(marked.names) == len(photo.faces) == 1:  # nobody has said where, and nobody needs to
        yield marked.names[0], photo.faces[0]

"""A cast told by marks: faces that people have named in other programs, several in one photo."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from castlist.arguments import checked
from castlist.errors import CastError, Message, PhotoError
from castlist.media.cast import Cast, Photo
from castlist.media.inputs import find_photos
from castlist.media.names import check_person, folded
from castlist.media.regions import Edges, MarkReader
from castlist.paths import as_path, is_folder

logger = logging.getLogger(__name__)


@checked
def find_marked_cast(root: str | os.PathLike[str]) -> Cast:
    """Read who is in the photos of a folder from what photo managers say: MWG, Microsoft, IPTC, Picasa, Takeout.

    Each named face is a photo of its person. Where names have no places, a photo counts if it has one name. What
    castlist itself wrote doesn't count: it would learn from its own guesses.

    Raises:
        CastError: If `root` is no folder, or nobody is named in it.
    """
    root = as_path(root)
    if not is_folder(root):
        raise CastError(
            "marked-no-folder", "{path!r} is not a folder. Give the folder that holds the photos.", path=str(root)
        )
    notes: list[Message] = []
    reader = MarkReader()
    names: dict[str, str] = {}  # as they were first written, by what they have in common with those that look alike
    photos: dict[tuple[str, str], Photo] = {}  # nobody is twice in a photo
    n_unread = 0
    for path in find_photos([root], tell=notes.append):
        try:
            marked = reader.read(path)
        except PhotoError:
            n_unread += 1
            continue
        notes += marked.problems
        faces: list[tuple[str, Edges | None]] = [*marked.faces()]
        if not faces and len(marked.names) == 1:
            faces = [(marked.names[0], None)]
        for name, mark in faces:
            try:
                check_person(name)
            except CastError as error:
                notes.append(_passed_over(path, error))
                continue
            person = names.setdefault(folded(name), name)
            photos.setdefault((person, str(path)), Photo(path, person, mark))
    if n_unread:
        notes.append(
            Message(
                "marked-unread",
                "{count} {count:file|files} can't be read as photos and {count:was|were} passed over.",
                {"count": n_unread},
            )
        )
    passed_over = next((one for one in notes if one.code in ("xmp-left-alone", "region-passed-over")), None)
    if not photos and passed_over:
        raise CastError(
            "marked-none-taken",
            "Nobody whom other programs name in the photos of {path!r} could be taken. {reason}",
            path=str(root),
            reason=passed_over,
        )
    if not photos:
        raise CastError(
            "marked-nobody",
            "No face in the photos of {path!r} is named by another program. Name some there and have the names written "
            "into the photos or into sidecars; or give a folder of one folder per person, without --from-regions.",
            path=str(root),
        )
    kept = sorted(photos.values(), key=lambda photo: (photo.person, photo.path))
    people = tuple(dict.fromkeys(photo.person for photo in kept))
    logger.info("Found a cast of %d people by %d marks", len(people), len(kept))
    return Cast(root, people, tuple(kept), tuple(notes), is_marked=True)


def _passed_over(path: Path, error: CastError) -> Message:
    """That nobody can be called as somebody is in a photo."""
    return Message("region-passed-over", "{path!r}: {reason}", {"path": str(path), "reason": error.message})

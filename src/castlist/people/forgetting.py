"""People deleted from a run for good.

A forget has three steps. One change takes the person out of the record and the gallery, removes what tells of people,
and marks the person in the record as leaving. Then the caches are cleaned. Another change takes the mark away. Killed
in between, the same forget again finds the mark and goes on.
"""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from castlist.arguments import checked
from castlist.errors import Message, RunError
from castlist.gallery import Gallery
from castlist.media import meant_by, one_form, person_of
from castlist.paths import as_path
from castlist.people.changing import is_there, still_there, unfinished
from castlist.people.receipts import Receipt, delete_kept, unknown_person, what_remains
from castlist.people.retraining import discard_retraining
from castlist.run import Called, Change, Enrolled, Leaving, Run, RunFolder, agree, derived_in, open_run

if TYPE_CHECKING:
    from castlist.archive import ArchiveFolder

logger = logging.getLogger(__name__)

Entry = TypeVar("Entry", Called, Enrolled, Leaving)


@checked
def forget(
    path: str | os.PathLike[str],
    name: str,
    *,
    archive: str | os.PathLike[str] | None = None,
    tags: bool = False,
    embed: bool = False,
) -> Receipt:
    """Delete a person from a run of the model `face`: embeddings, names, answers, pictures, kept data sets.

    Files are written anew without the person, so that nothing is left in them; the report is deleted, and
    `renew_report` makes it anew. Once it has returned, nobody who holds the run brings the person back. Killed at any
    moment, the same call again finishes it.

    Args:
        path: The run folder.
        name: Of the person.
        archive: An archive that is to forget the person, too.
        tags: Whether the name is taken out of the metadata that `castlist tag` wrote it into for that archive.
        embed: With `tags`: out of that in photos, too.

    Raises:
        CastlistError: If nobody is called so, nobody would be left, the run may not be changed, or it is of a model
            whose weights have seen the person.
    """
    if archive is None:
        return _forget(RunFolder(as_path(path)), name)
    from castlist.archive import (  # late: it needs castlist[archive]
        ArchiveFolder,
        called_before,
        hear_names,
        taking_out,
    )
    from castlist.tagging import tagged_names

    folder, run = ArchiveFolder.here(archive), RunFolder(as_path(path)).read(lambda run: run)
    hear_names(folder, run)
    said = meant_by(name, (*run.people, *(one.name for one in run.leaving)))
    names = [name, *called_before(folder, run, said, tagged_names(folder))]
    # With the archive's lock held: nobody names there by the run as it was.
    receipt: Receipt | None
    remaining: list[Message] = []
    with taking_out(folder, *names) as gone:
        try:
            receipt = _forget(RunFolder(as_path(path)), name)
        except RunError as error:
            if error.code != "nobody-called-in-run":
                raise
            receipt, refusal = None, error
        untagged = list(_untag(folder, names, tags, embed, remaining))
    deleted = [*gone.deleted, *untagged]  # told once the block has ended
    if receipt is None:
        if not deleted and not gone.remaining:  # a killed call may have left nothing but to tell of copies
            raise refusal
        run = open_run(path)
        receipt = Receipt(name, (), tuple(what_remains(run, run.meaning(name))))
    photos = Message("archive-photos-remain", "The archive's photos, in {folder!r}.", {"folder": folder.record().root})
    return Receipt(
        receipt.name, (*receipt.removed, *deleted), (*receipt.remaining, photos, *remaining, *gone.remaining)
    )


def _untag(
    folder: ArchiveFolder, names: Sequence[str], tags: bool, embed: bool, remaining: list[Message]
) -> Iterator[Message]:
    """Take a person's names out of metadata, if it shall be; what stands there afterwards remains."""
    from castlist.tagging import named_by_others, remove_person, where_named

    if tags and (done := remove_person(folder, *names, embed=embed, tell=remaining.append)):
        yield Message(
            "forgot-tags",
            "The name, and where the person is, from the metadata of {sidecars} sidecars and {photos} photos.",
            {"sidecars": done.sidecars, "photos": done.photos},
        )
    if places := where_named(folder, *names):
        remaining.append(
            Message(
                "tags-remain",
                "{count} sidecars and photos that `castlist tag` wrote the name into, such as {path!r}, and the list "
                "of these in the archive; to take it out: the same again with --tags, and with --embed for photos.",
                {"count": len(places), "path": str(places[0])},
            )
        )
    if photos := named_by_others(folder, *names):
        remaining.append(
            Message(
                "others-tags-remain",
                "The name in what other programs say of {count} {count:photo|photos}, such as {path!r}; castlist "
                "leaves that as it is: take it out where it was given; what `castlist predict --xmp` wrote, "
                "`castlist tag PHOTOS --undo` takes out.",
                {"count": len(photos), "path": str(photos[0])},
            )
        )


def _forget(folder: RunFolder, name: str) -> Receipt:
    with folder.change() as change:
        name = meant_by(name, (*change.run.people, *(one.name for one in change.run.leaving)))
        is_meant = change.run.meaning(name)
        leaving = _take_out(change, name)
    discard_retraining(folder.path)
    removed, remaining = delete_kept(name, is_meant)
    with folder.change() as change:
        change.run = dataclasses.replace(
            change.run,
            leaving=tuple(_called_otherwise(change.run.leaving, name)),
            # Up to here they tell a call that goes on who it is.
            calls=tuple(_called_otherwise(change.run.calls, name)),
        )
    logger.info("somebody was forgotten by a run")
    return Receipt(name, (*_describe(leaving), *removed), (*remaining, *what_remains(change.run, is_meant)))


def _take_out(change: Change, name: str) -> Leaving:
    """Take a person out of the record and the gallery; gives what the receipt tells of it."""
    run = change.run
    gallery = None
    if run.settings.faces and not run.has_network:
        gallery = Gallery.from_bytes(change.read(run.gallery_path.name), str(run.gallery_path))
    if not _knows(run, gallery, name):
        if begun := _leaving(run, name):  # a forget that was killed
            return begun
        raise unknown_person(run, name)
    if gallery is None:
        raise RunError(
            "weights-have-seen",
            "The weights of the model {model} have seen {name!r} and can't forget one person: "
            "they must be trained again without, which --retrain does.",
            model=run.settings.model,
            name=name,
        )
    if not run.complete:
        raise unfinished(run)
    leaving, change.run, gallery = _without(run, gallery, name)
    for derived in derived_in(run.path):
        change.remove(derived)
    change.write(run.gallery_path.name, gallery.to_bytes())
    return leaving


def _without(run: Run, gallery: Gallery, name: str) -> tuple[Leaving, Run, Gallery]:
    """The record and the gallery without a person, who is marked as leaving."""
    begun = _leaving(run, name) or Leaving(name=name, embeddings=0, files=0)
    rest = gallery.forget(name) if name in gallery.people else gallery
    sides = {side: tuple(_of_others(files, name)) for side, files in run.sides.items()}
    leaving = Leaving(
        name=name,
        embeddings=begun.embeddings + len(gallery.photos) - len(rest.photos),
        files=begun.files + sum(len(run.sides[side]) - len(sides[side]) for side in sides),
    )
    refused = set(_of_others((file for file, _ in run.refused), name))
    placed = set(_of_others(run.places, name))
    without = dataclasses.replace(
        run,
        people=tuple(person for person in run.people if person != name),
        sides=sides,
        refused=tuple(item for item in run.refused if item[0] in refused),
        notes=tuple(note for note in run.notes if not _tells_of(note, name)),
        enrolled=tuple(still_there(_called_otherwise(run.enrolled, name), rest)),
        places={file: place for file, place in run.places.items() if file in placed and is_there(rest, file)},
        leaving=(*_called_otherwise(run.leaving, name), leaving),
    )
    return leaving, *agree(without, rest)


def _tells_of(note: Message, name: str) -> bool:
    return any(one_form(name) in one_form(str(value)) for value in note.values.values())


def _leaving(run: Run, name: str) -> Leaving | None:
    return next((one for one in run.leaving if one.name == name), None)


def _called_otherwise(entries: Iterable[Entry], name: str) -> Iterator[Entry]:
    return (one for one in entries if one.name != name)


def _of_others(files: Iterable[str], name: str) -> Iterator[str]:
    return (file for file in files if person_of(file) != one_form(name))


def _knows(run: Run, gallery: Gallery | None, name: str) -> bool:
    """Whether anything of a person is in a run; older castlists could be killed in the middle, or race."""
    return (
        name in run.people
        or (gallery is not None and name in gallery.people)
        or any(person_of(file) == one_form(name) for files in run.sides.values() for file in files)
    )


def _describe(leaving: Leaving) -> Iterator[Message]:
    yield Message(
        "forgot-embeddings",
        "{embeddings} {embeddings:embedding|embeddings} from gallery.npz, and the threshold that {embeddings:it|they} "
        "helped to set.",
        {"embeddings": leaving.embeddings},
    )
    yield Message(
        "forgot-names", "The name, and {files} {files:file name|file names}, from run.json.", {"files": leaving.files}
    )
    yield Message("forgot-derived", "The report, its figures, the answers, the metrics, and exports in the run folder.")

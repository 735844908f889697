"""Who is in a run: the record and the gallery, made to agree; and whether it is still the same run."""

from __future__ import annotations

import dataclasses

from castlist.embeddings import FaceNetwork
from castlist.errors import RunError, reason_of
from castlist.gallery import Gallery
from castlist.run.folder import Change
from castlist.run.inventory import FACE_FILES, FACE_SIDECAR, GALLERY
from castlist.run.record import Run, read_part


def load_gallery(run: Run) -> tuple[Run, Gallery]:
    """A run's people as embeddings, and the record with the same people in the same order.

    Castlists before format 2 could be killed between the two files. The record is believed: nobody is named whom it
    doesn't list. And nobody is listed whom the gallery lacks, for they can't be named.

    Raises:
        RunError: If the gallery is missing or broken, or the two disagree where a network was trained on the people.
    """
    return agree(run, Gallery.from_bytes(read_part(run, GALLERY), str(run.gallery_path)))


def agree(run: Run, gallery: Gallery) -> tuple[Run, Gallery]:
    """The same people in the record and in the gallery, as `load_gallery` tells.

    Raises:
        RunError: If a network was trained on other people, or nobody is in both.
    """
    if run.people == gallery.people:
        return run, gallery
    unlisted = [name for name in gallery.people if name not in run.people]
    if run.has_network or len(unlisted) == len(gallery.people):
        raise RunError(
            "people-disagree",
            "The run {path!r} is broken: its run.json and its gallery.npz tell of other people. Train it anew.",
            path=str(run.path),
        )
    for name in unlisted:
        gallery = gallery.forget(name)
    return dataclasses.replace(run, people=gallery.people), gallery


def need_same(run: Run, began: Run) -> None:
    """Make sure that a run is a later state of another, not one trained anew in its place: its networks may differ.

    Raises:
        RunError: If not.
    """
    if run.created != began.created:
        raise RunError(
            "run-replaced",
            "The run {path!r} was trained anew meanwhile. Begin again.",
            path=str(began.path),
        )


def put_network(change: Change, network: FaceNetwork) -> None:
    """Have a face network in a run, with what is beside it.

    Raises:
        RunError: If it can't be copied.
    """
    change.remove(FACE_SIDECAR)  # of the one before
    for file, name in zip(network.files, FACE_FILES, strict=False):
        try:
            change.write(name, file.read_bytes())
        except OSError as error:
            raise RunError(
                "face-network-not-copied",
                "The face network can't be copied into {path!r} ({reason}).",
                path=str(change.run.path),
                reason=reason_of(error),
            ) from error

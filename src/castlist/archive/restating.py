"""Somebody of an archive, whom its run doesn't know, called otherwise."""

from __future__ import annotations

from castlist.archive.reading import Archive


def call_otherwise(archive: Archive, old: str, new: str) -> int:
    """Decide that the faces that were decided to be somebody are called otherwise; gives how many these are.

    For whom the run knows, it is enough to call the person otherwise there: `hear_names`.

    Args:
        archive: The archive.
        old: What the person is called.
        new: What the person is to be called; somebody else's name makes the two one.

    Raises:
        CastlistError: If nobody can be called so, or it can't be written.
    """
    spots = [face.spot for face in archive.faces({old}) if face.is_decided]
    if spots:
        archive.decide_all("is", spots, name=new)
    return len(spots)

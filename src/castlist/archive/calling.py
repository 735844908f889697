"""Somebody of an archive called otherwise: what was decided of the name is decided of the other one, too."""

from __future__ import annotations

from castlist.archive.reading import Archive


def call_otherwise(archive: Archive, old: str, new: str) -> int:
    """Decide that the faces that were decided to be somebody are called otherwise; gives how many these are.

    Names that were computed follow once the archive is named anew by a run that calls the person so.

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

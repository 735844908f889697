"""Somebody of an archive, whom its run doesn't know, called otherwise."""

from __future__ import annotations

from castlist.archive.decisions import DecisionLog
from castlist.archive.reading import Archive


def call_otherwise(archive: Archive, old: str, new: str) -> int:
    """Decide that somebody is called otherwise; gives how many faces were decided to be the person.

    All that was decided follows, also about photos that are away: so whoever is forgotten by the new name is forgotten
    by the old one. For whom the run knows, it is enough to call the person otherwise there: `hear_names`.

    Args:
        archive: The archive.
        old: What the person is called.
        new: What the person is to be called; somebody else's name makes the two one.

    Raises:
        CastlistError: If nobody can be called so, or it can't be written.
    """
    count = sum(face.is_decided for face in archive.faces({old}))
    DecisionLog(archive.folder.decisions).call(old, new)
    archive.hear()
    return count

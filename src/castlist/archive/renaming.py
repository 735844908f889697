"""Names given anew from the embeddings that are kept: nobody looks at a photo again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import islice

from castlist.archive.films import name_films
from castlist.archive.folder import ArchiveFolder
from castlist.archive.namer import ArchiveNamer
from castlist.archive.table import About, seen_of, with_names
from castlist.naming import Seen
from castlist.threads import OnCount

logger = logging.getLogger(__name__)


def rename(folder: ArchiveFolder, namer: ArchiveNamer, on_count: OnCount | None = None) -> int:
    """Name anew what was named by something else; gives how many faces that were.

    Args:
        folder: Of which the lock is held.
        namer: As the run is now; its eyes are those of the archive.
        on_count: Told how many units are done, of how many.
    """
    numbers = folder.units()
    stale = [unit for unit in numbers if (about := folder.about(unit)) and about.names != namer.names_digest]
    if namer.together and stale:  # any photo may change the name of any other
        done = _rename(folder, namer, numbers)
    else:
        done = 0
        for i, unit in enumerate(stale, 1):
            done += _rename(folder, namer, [unit])
            if on_count:
                on_count(i, len(stale))
    logger.info("%d faces of an archive were named anew", done)
    return done


def _rename(folder: ArchiveFolder, namer: ArchiveNamer, units: Sequence[int]) -> int:
    """Name the faces of some units with whatever help they may give each other."""
    shards = [folder.read(unit) for unit in units]
    records = [seen_of(table) for table, _ in shards]
    faces = iter(namer.name(Seen.merge(seen for seen, _ in records)))
    done = 0
    for unit, (table, about), (_, rows) in zip(units, shards, records, strict=True):
        named = name_films(with_names(table, list(islice(faces, len(rows))), rows), namer)
        folder.write(unit, named, About(about.plan, about.eyes, namer.names_digest))
        done += len(rows)
    return done

"""Films in an archive: a row a track, named by the looks that are kept of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from castlist.archive.listing import File
from castlist.archive.namer import ArchiveNamer
from castlist.archive.table import (
    EDGES,
    QUALITIES,
    Table,
    halved,
    numbers_of,
    row_of_failed,
    rows_of,
    with_columns,
    with_names,
)
from castlist.errors import CastlistError, WeightsError, unforeseen
from castlist.media import Taking
from castlist.naming import NamedFace, Seen, SeenTrack, name_tracks, see_film
from castlist.threads import Stop

MARKS = 10.0  # a second; two tracks that share one are seen at the same time


def rows_of_film(path: Path, file: File, digest: str, namer: ArchiveNamer, stop: Stop | None) -> Table:
    """Look at a film; gives its rows, named. One that can't be read has one, with the reason."""
    tracks: Sequence[SeenTrack] = ()
    try:
        tracks, problem = see_film(path, namer.recognizer, stop=stop)
    except (MemoryError, WeightsError):  # the next would end so, too
        raise
    except CastlistError as error:
        problem = error.message
    except Exception as error:  # nor must one film stop the others
        problem = unforeseen(error).message
    if not tracks:
        return row_of_failed(file, digest, problem, namer.n_values)
    looks = halved(Seen.merge(track.looks for track in tracks))
    best = [track.best for track in tracks]
    spans = [(track.start, track.end) for track in tracks]
    shown = looks.faces(np.cumsum(looks.counts) - looks.counts + best)
    film = Seen.of_photos(
        1,
        digests=[digest],
        problems=[problem],
        photo=np.zeros(len(tracks)),
        boxes=shown.boxes,
        landmarks=shown.landmarks,
        confidences=shown.confidences,
        qualities=shown.qualities,
        embeddings=shown.embeddings,
    )
    times = {"start": [start for start, _ in spans], "end": [end for _, end in spans]}
    kept = [[*looks.embeddings[looks.photo == i]] for i in range(len(tracks))]
    rows = with_columns(rows_of(film, [file], [Taking()]), {**times, "looks": kept})
    return with_names(rows, _name(namer, looks, best, spans))


def name_films(table: Table, namer: ArchiveNamer) -> Table:
    """Rows of which those of films are named anew."""
    films: defaultdict[str, list[int]] = defaultdict(list)
    for row in np.flatnonzero(table["looks"].is_valid().to_numpy()).tolist():
        films[table["photo"][row].as_py()].append(row)
    for rows in films.values():
        tracks = table.take(rows)
        kept = [np.array(looks, np.float32) for looks in tracks["looks"].to_pylist()]
        counts = [len(looks) for looks in kept]
        looks = Seen.of_photos(
            len(rows),
            photo=np.repeat(np.arange(len(rows)), counts),
            boxes=np.repeat(numbers_of(tracks, *EDGES), counts, axis=0),
            qualities=np.repeat(numbers_of(tracks, *QUALITIES), counts, axis=0),
            embeddings=np.concatenate(kept),
        )
        spans = list(zip(tracks["start"].to_pylist(), tracks["end"].to_pylist(), strict=True))
        table = with_names(table, _name(namer, looks, [0] * len(rows), spans), rows)
    return table


def _name(
    namer: ArchiveNamer, looks: Seen, best: Sequence[int], spans: Sequence[tuple[float, float]]
) -> list[NamedFace]:
    # Rounded as the rows keep them, and open at the end: where one track ends, another of the same person may begin.
    ticks = np.round(np.array(spans, np.float32) * MARKS).astype(int).tolist()
    marks = [np.arange(start, max(end, start + 1)) for start, end in ticks]
    return name_tracks(namer.recognizer, looks, best, marks)

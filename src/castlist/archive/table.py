"""The rows of an archive, one a face, and the shards that hold them: Parquet that pandas and DuckDB read as it is.

A photo without a face, and one that failed, has one row, without a box and with the reason.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import msgspec
import numpy as np

from castlist.archive.listing import COLUMNS as LISTED
from castlist.archive.listing import File
from castlist.errors import Message, needs_extra
from castlist.faces import NO_FACE
from castlist.media import UNKNOWN, Taking
from castlist.naming import NamedFace, Seen

with needs_extra("archive", "An archive"):
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

Table: TypeAlias = "pa.Table"

BEST = 3  # answers kept of a face
NAMED, PERHAPS = "named", "perhaps"  # answers beside UNKNOWN

_WHO = pa.struct([("name", pa.string()), ("probability", pa.float32())])
FILE_COLUMNS = {
    "photo": LISTED["photo"],
    "digest": pa.string(),  # SHA-256 of its content, in hexadecimal digits; "": it can't be opened
    "bytes": LISTED["bytes"],
    "modified": LISTED["modified"],
    "gone": pa.bool_(),  # it was there once
}
PHOTO_COLUMNS = {
    "width": pa.int32(),  # of the upright photo
    "height": pa.int32(),
    "orientation": pa.int8(),  # of the stored one, as EXIF counts
    "taken": pa.timestamp("ms"),  # as the camera's clock showed it
    "zone": pa.string(),  # of that clock, such as "+02:00"
}
EDGES = ("left", "top", "right", "bottom")
QUALITIES = ("eye_distance", "sharpness", "yaw")
FACE_COLUMNS = {
    "face": pa.int16(),  # counted from the left, from 1
    **dict.fromkeys(EDGES, pa.float32()),  # pixels of the upright photo
    "landmarks": pa.list_(pa.float32(), 10),  # x and y of five points
    "confidence": pa.float32(),
    "eye_distance": pa.float32(),
    "sharpness": pa.float32(),
    "yaw": pa.float32(),
    "start": pa.float32(),  # seconds; of films
    "end": pa.float32(),
}
ANSWER_COLUMNS = {
    "answer": pa.string(),  # one of the three
    "name": pa.string(),  # "unknown" unless the answer is "named"
    "probability": pa.float32(),  # of the name
    "perhaps": pa.string(),  # who is likelier than nobody, but not sure enough
    "best": pa.list_(_WHO),  # the likeliest, "unknown" among them
    "reason": pa.string(),  # a code: why a photo failed or has no face, or why an unknown face may be unknown
    "problem": pa.string(),  # the same as a sentence
}
# All that isn't an embedding: what answers questions.
COLUMNS = {**FILE_COLUMNS, **PHOTO_COLUMNS, **FACE_COLUMNS, **ANSWER_COLUMNS}
_REPEATED = ["photo", "digest", "zone", "answer", "name", "perhaps", "best.list.element.name", "reason", "problem"]


class About(msgspec.Struct, frozen=True):
    """What a shard says of itself."""

    plan: int  # the number of the plan that it was last written by
    eyes: str  # digest of what saw its faces
    names: str  # digest of what named them; "": they wait for their names


def schema_of(values: int) -> pa.Schema:
    """The columns of a shard whose embeddings have so many values."""
    return pa.schema([*COLUMNS.items(), ("embedding", pa.list_(pa.float32(), values)), ("looks", _looks(values))])


def _looks(values: int) -> pa.DataType:
    """Of a track of a film: the embeddings that it is named by."""
    return pa.list_(pa.list_(pa.float32(), values))


def as_kept(seen: Seen) -> Seen:
    """A record as a shard keeps it: faces from left to right, embeddings of half the precision in half the space."""
    return halved(seen.faces(np.lexsort((seen.boxes[:, 0], seen.photo))))


def halved(seen: Seen) -> Seen:
    """A record whose embeddings have half the precision."""
    return dataclasses.replace(seen, embeddings=seen.embeddings.astype(np.float16).astype(np.float32))


def rows_of(seen: Seen, files: Sequence[File], takings: Sequence[Taking]) -> Table:
    """The rows of photos that were seen, not named yet.

    Args:
        seen: A record of n photos, as of `as_kept`.
        files: n files.
        takings: n, of the same.
    """
    values = seen.embeddings.shape[1]
    every: list[dict[str, Any]] = []
    first = 0
    for k, (file, taking, count) in enumerate(zip(files, takings, seen.counts.tolist(), strict=True)):
        width, height = seen.sizes[k].tolist()
        problem = seen.problems[k] or (None if count else NO_FACE)
        photo = {
            **{"photo": file.photo, "digest": seen.digests[k], "bytes": file.bytes, "modified": file.modified},
            **{"gone": False, "width": width or None, "height": height or None, "orientation": taking.orientation},
            **{"taken": taking.clock, "zone": taking.zone, "face": None},
            **{"reason": problem and problem.code, "problem": problem and str(problem)},
        }
        every += [photo | _face(seen, first + i) | {"face": i + 1} for i in range(count)] or [photo]
        first += count
    return pa.Table.from_pylist(every, schema_of(values))


def row_of_failed(file: File, digest: str, problem: Message | None, values: int) -> Table:
    """The row of a file in which nothing was seen, among embeddings of so many values."""
    nothing = np.zeros((0, values), np.float32)
    return rows_of(Seen.of_photos(1, digests=[digest], problems=[problem], embeddings=nothing), [file], [Taking()])


def _face(seen: Seen, row: int) -> dict[str, Any]:
    eye_distance, sharpness, yaw = seen.qualities[row].tolist()
    return {
        **dict(zip(EDGES, seen.boxes[row].tolist(), strict=True)),
        "landmarks": seen.landmarks[row].ravel(),
        "confidence": float(seen.confidences[row]),
        **{"eye_distance": eye_distance, "sharpness": sharpness, "yaw": yaw},
        "embedding": seen.embeddings[row],
    }


def seen_of(table: Table) -> tuple[Seen, list[int]]:
    """The record of the faces of photos that rows hold, photo by photo, and which row each face is."""
    rows = np.flatnonzero(table["embedding"].is_valid().to_numpy() & table["looks"].is_null().to_numpy())
    kept = table.take(pa.array(rows))
    photos, photo = np.unique(kept["photo"].to_numpy(zero_copy_only=False), return_inverse=True)
    order = np.argsort(photo, kind="stable")
    kept, rows = kept.take(pa.array(order)), rows[order]
    seen = Seen.of_photos(
        len(photos),
        photo=photo[order],
        boxes=numbers_of(kept, *EDGES),
        landmarks=lists_of(kept["landmarks"]).reshape(-1, 5, 2),
        confidences=numbers_of(kept, "confidence")[:, 0],
        qualities=numbers_of(kept, *QUALITIES),
        embeddings=lists_of(kept["embedding"]),
    )
    return seen, rows.tolist()


def with_names(table: Table, faces: Sequence[NamedFace], rows: Sequence[int] | None = None) -> Table:
    """Rows of which some have other names than before.

    Args:
        table: The rows.
        faces: Answers for some of them.
        rows: Which; by default those with an embedding, in their order.
    """
    answers = {name: table[name].to_pylist() for name in ANSWER_COLUMNS}
    if rows is None:
        rows = np.flatnonzero(table["embedding"].is_valid().to_numpy()).tolist()
    for row, face in zip(rows, faces, strict=True):
        for name, value in _answer(face).items():
            answers[name][row] = value
    return with_columns(table, answers)


def with_columns(table: Table, values: Mapping[str, Any]) -> Table:
    """Rows with other values in some columns."""
    for name, column in values.items():
        kind = table.schema.field(name)
        column = column if isinstance(column, pa.Array) else pa.array(column, kind.type)
        table = table.set_column(table.schema.get_field_index(name), kind, column)
    return table


def without_embeddings(table: Table, values: int) -> Table:
    """Rows that nobody can be named by any more, with the columns of embeddings of so many values."""
    schema = schema_of(values)
    nothing = {name: pa.nulls(len(table), schema.field(name).type) for name in ("embedding", "looks")}
    return pa.table([nothing.get(name, table[name]) for name in schema.names], schema)


def blanked(table: Table, columns: Sequence[str], which: np.ndarray) -> Table:
    """Rows of which some, shape (rows,), bool, have nothing in some columns any more."""
    places = pa.array(np.arange(len(table)), mask=which)
    return with_columns(table, {name: table[name].combine_chunks().take(places) for name in columns})


def join(tables: Sequence[Table]) -> Table:
    """The rows of several."""
    return pa.concat_tables(tables)


def keep(table: Table, which: np.ndarray) -> Table:
    """Some rows: shape (rows,), bool."""
    return table.filter(pa.array(which))


def where(table: Table, column: str, values: Sequence[Any]) -> np.ndarray:
    """Which rows have one of some values in a column, shape (rows,), bool."""
    return pc.is_in(table[column], pa.array(values, table.schema.field(column).type)).to_numpy()


def to_bytes(table: Table, about: About) -> bytes:
    """A shard as a file holds it; rows in the order of their photos."""
    table = table.sort_by([("photo", "ascending"), ("face", "ascending")])
    table = table.replace_schema_metadata({"castlist": msgspec.json.encode(about)})
    data = io.BytesIO()
    pq.write_table(
        table,
        data,
        compression="zstd",
        use_dictionary=_REPEATED,
        use_byte_stream_split=["embedding.list.element"],  # what pandas and DuckDB both read; see docs/decisions.md
        write_statistics=["photo"],
    )
    return data.getvalue()


def about_of(source: Path | BinaryIO) -> About:
    """What a shard says of itself.

    Raises:
        ValueError: If it isn't castlist's.
        OSError: If it can't be read.
    """
    return _about(pq.read_schema(source))


def count_rows(source: Path | BinaryIO) -> int:
    """How many rows a shard has.

    Raises:
        ValueError: If it is damaged.
        OSError: If it can't be read.
    """
    return int(pq.read_metadata(source).num_rows)


def from_file(source: Path | BinaryIO, columns: Sequence[str] | None = None) -> tuple[Table, About]:
    """Read a shard, or some of its columns.

    Raises:
        ValueError: If it isn't castlist's, or damaged.
        OSError: If it can't be read.
    """
    with pq.ParquetFile(source) as file:
        schema = file.schema_arrow
        about = _about(schema)
        kind = schema.field("embedding").type
        if not pa.types.is_fixed_size_list(kind) or not schema.equals(schema_of(kind.list_size)):
            raise ValueError("its columns are others than an archive's")
        return file.read(columns, use_threads=False), about  # of a few hundred rows: threads would cost more


def _about(schema: pa.Schema) -> About:
    try:
        return msgspec.json.decode((schema.metadata or {})[b"castlist"], type=About)
    except KeyError:
        raise ValueError("it says nothing of castlist") from None


def numbers_of(table: Table, *names: str) -> np.ndarray:
    """Columns of numbers side by side, shape (rows, names), float32."""
    return np.column_stack([table[name].to_numpy() for name in names]).astype(np.float32)


def lists_of(column: pa.ChunkedArray) -> np.ndarray:
    """A column of lists of one length, none of them null, shape (rows, length), float32."""
    return np.concatenate(
        [np.zeros((0, column.type.list_size), np.float32)]
        + [chunk.flatten().to_numpy().reshape(-1, column.type.list_size) for chunk in column.chunks]
    )


def _answer(face: NamedFace) -> dict[str, Any]:
    is_named = face.name != UNKNOWN
    best = sorted([(face.name, face.probability), *face.others], key=lambda one: -one[1])[:BEST]
    problem: Message | None = face.problem
    return {
        "answer": NAMED if is_named else PERHAPS if face.perhaps else UNKNOWN,
        "name": face.name,
        "probability": face.probability,
        "perhaps": face.perhaps,
        "best": [{"name": name, "probability": probability} for name, probability in best],
        "reason": problem and problem.code,
        "problem": problem and str(problem),
    }

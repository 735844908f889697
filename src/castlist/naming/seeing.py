"""What was seen of photos, kept once: naming, grouping, enrolment and drawing start from it, and nobody looks twice."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import os
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from castlist.arguments import checked, rows_of
from castlist.errors import CastlistError, Message, ShapeError, reason_of
from castlist.faces import Box, Quality
from castlist.files import write_bytes
from castlist.paths import as_path

VERSION = 1  # of the file
# Of each column of faces: what a row of it is; -1: any length, the same in all rows.
FACE_COLUMNS: dict[str, tuple[tuple[int, ...], type[np.generic]]] = {
    "photo": ((), np.int64),
    "boxes": ((4,), np.float32),
    "landmarks": ((5, 2), np.float32),
    "confidences": ((), np.float32),
    "qualities": ((3,), np.float32),
    "embeddings": ((-1,), np.float32),
    "squares": ((-1, -1, 3), np.uint8),
}


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen of n photos, with m faces in all: columns aligned and checked.

    Indexed by a number, a slice, a list or a mask of photos, it gives a record of those photos with their faces. What a
    run on whole photos sees has one row for each photo that can be read: the whole of it, without an embedding.
    """

    paths: tuple[Path | None, ...]  # n; None for pixels and bytes
    digests: tuple[str, ...]  # n; SHA-256 of the content, in hexadecimal digits; "" where the file can't be opened
    sizes: np.ndarray  # (n, 2), int32; width and height of the upright photo; 0 where it can't be read
    problems: tuple[Message | None, ...]  # n; why a photo can't be read
    photo: np.ndarray  # (m,), int64, rising; which photo each face is in
    boxes: np.ndarray  # (m, 4), float32; left, top, right, bottom; pixels of the upright photo
    landmarks: np.ndarray  # (m, 5, 2), float32; as of `Face`
    confidences: np.ndarray  # (m,), float32; detector score, 0 to 1
    qualities: np.ndarray  # (m, 3), float32; as of `Quality`: eye_distance, sharpness, yaw
    embeddings: np.ndarray  # (m, values), float32, L2 norm 1
    squares: np.ndarray  # (m, side, side, 3), uint8, RGB; what a trained network reads; side 0 where the run has none
    eyes: str = ""  # what made the embeddings; embeddings of other eyes mean nothing beside them; "": not known

    def __post_init__(self) -> None:
        n, m = len(self.paths), len(self.photo)
        for name, (row, kind) in FACE_COLUMNS.items():
            column = getattr(self, name)
            shape = (m, *row)
            fits = len(column.shape) == len(shape) and all(
                want in (-1, has) for want, has in zip(shape, column.shape, strict=True)
            )
            if not fits or column.dtype != kind:
                raise _misshapen(name, column)
        if self.sizes.shape != (n, 2) or self.sizes.dtype != np.int32:
            raise _misshapen("sizes", self.sizes)
        if len(self.digests) != n or len(self.problems) != n:
            raise ShapeError("seen-lengths", "A record of {n} photos needs as many digests and problems.", n=n)
        if m and (self.photo[0] < 0 or self.photo[-1] >= n or (np.diff(self.photo) < 0).any()):
            raise ShapeError("seen-photo", "photo must rise from 0 to at most {last}.", last=n - 1)
        if not np.isfinite(self.embeddings).all():
            raise ShapeError("seen-numbers", "Embeddings must be numbers. Got some that are not instead.")

    @classmethod
    def empty(cls) -> Seen:
        """A record of no photo."""
        return cls.of_photos(1)[:0]

    @classmethod
    @checked
    def of_photos(
        cls,
        n: int,
        *,
        paths: Sequence[Path | None] | None = None,
        digests: Sequence[str] | None = None,
        sizes: Sequence[tuple[int, int]] | None = None,
        problems: Sequence[Message | None] | None = None,
        eyes: str = "",
        **faces: np.ndarray,
    ) -> Seen:
        """A record of n photos, of which only some columns are known; without `photo`, none has a face."""
        m = len(faces.get("photo", ()))
        columns = {
            name: np.asarray(faces[name], kind) if name in faces else np.zeros((m, *(max(k, 0) for k in row)), kind)
            for name, (row, kind) in FACE_COLUMNS.items()
        }
        return cls(
            paths=tuple(paths or [None] * n),
            digests=tuple(digests or [""] * n),
            sizes=np.array(sizes if sizes is not None else [(0, 0)] * n, np.int32).reshape(n, 2),
            problems=tuple(problems or [None] * n),
            eyes=eyes,
            **columns,
        )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int | slice | Sequence[int] | np.ndarray) -> Seen:
        chosen = rows_of(len(self), index)
        starts = np.searchsorted(self.photo, chosen)
        counts = np.searchsorted(self.photo, chosen, side="right") - starts
        new = np.repeat(np.arange(len(chosen)), counts)
        # Of each face its place among those of its photo, from where these begin.
        rows = starts[new] + np.arange(len(new)) - np.repeat(np.cumsum(counts) - counts, counts)
        return Seen(
            paths=tuple(self.paths[i] for i in chosen.tolist()),
            digests=tuple(self.digests[i] for i in chosen.tolist()),
            sizes=self.sizes[chosen],
            problems=tuple(self.problems[i] for i in chosen.tolist()),
            **{name: getattr(self, name)[rows] for name in FACE_COLUMNS if name != "photo"},
            photo=new,
            eyes=self.eyes,
        )

    @property
    def is_whole(self) -> bool:
        """Whether its rows are whole photos, not faces."""
        return not self.embeddings.shape[1]

    @property
    def counts(self) -> np.ndarray:
        """How many faces each photo has: shape (n,), int64."""
        return np.bincount(self.photo, minlength=len(self))

    @checked
    def box(self, face: int) -> Box:
        """Where a face is."""
        return Box(*self.boxes[rows_of(len(self.photo), face)][0].tolist())

    @checked
    def quality(self, face: int) -> Quality:
        """How much of a face there is to recognize."""
        return Quality(*self.qualities[rows_of(len(self.photo), face)][0].tolist())

    @checked
    def faces(self, rows: Sequence[int] | np.ndarray) -> Seen:
        """The same photos with only some of their faces: their rows, rising, or a mask."""
        kept_rows = rows_of(len(self.photo), rows)
        kept = {name: getattr(self, name)[kept_rows] for name in FACE_COLUMNS}
        return dataclasses.replace(self, **kept)

    @classmethod
    @checked
    def merge(cls, records: Iterable[Seen]) -> Seen:
        """One record of the photos of several, in their order.

        Raises:
            ShapeError: If they are of different eyes.
        """
        every = list(records) or [cls.empty()]
        # A record without a face doesn't know how wide its columns would be.
        some = [one for one in every if len(one.photo)] or every[:1]
        if len({one.eyes for one in some}) > 1:
            raise ShapeError("seen-eyes", "Records that were seen with different face networks can't be one.")
        columns = {name: np.concatenate([getattr(one, name) for one in some]) for name in FACE_COLUMNS}
        lengths = [len(one) for one in every]
        columns["photo"] += np.repeat(np.cumsum(lengths) - lengths, [len(one.photo) for one in every])
        return cls(
            paths=tuple(itertools.chain(*(one.paths for one in every))),
            digests=tuple(itertools.chain(*(one.digests for one in every))),
            sizes=np.concatenate([one.sizes for one in every]),
            problems=tuple(itertools.chain(*(one.problems for one in every))),
            eyes=some[0].eyes,
            **columns,
        )

    @checked
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the record into a .npz file that nobody else may read: embeddings tell who somebody is.

        Raises:
            CastlistError: If it can't be written.
        """
        about = {
            "version": VERSION,
            "paths": [None if one is None else str(one) for one in self.paths],
            "digests": self.digests,
            "problems": [one and one.to_dict() for one in self.problems],
            "eyes": self.eyes,
        }
        arrays: dict[str, Any] = {name: getattr(self, name) for name in ("sizes", *FACE_COLUMNS)}
        content = io.BytesIO()
        np.savez(content, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays)
        write_bytes(as_path(path), content.getvalue(), private=True)

    @classmethod
    @checked
    def load(cls, path: str | os.PathLike[str]) -> Seen:
        """Read what `save` wrote.

        Raises:
            CastlistError: If the file is missing, damaged, or something else.
        """
        path = as_path(path)
        try:
            return _unpack(path.read_bytes())
        except OSError as error:
            reason = reason_of(error)
        except Exception as error:  # a file made to be odd raises nearly anything, too little memory included
            reason = str(error).partition("\n")[0] or type(error).__name__
        raise CastlistError(
            "seen-unreadable",
            "{path!r} is not a record of photos that can be read ({reason}).",
            path=str(path),
            reason=reason,
        )


def _misshapen(name: str, column: np.ndarray) -> ShapeError:
    return ShapeError(
        "seen-shape",
        "{name} doesn't fit a record of photos. Got {dtype} of {shape}.",
        name=name,
        dtype=str(column.dtype),
        shape=str(column.shape),
    )


def _unpack(data: bytes) -> Seen:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        # `save` compresses nothing: what unfolds to more than its file is no record.
        if any(one.compress_type != zipfile.ZIP_STORED for one in archive.infolist()):
            raise ValueError("it is compressed")
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        about = json.loads(arrays["about"].tobytes())
        if about["version"] != VERSION:
            raise ValueError(f"its version is {about['version']}, not {VERSION}")
        return Seen(
            paths=tuple(None if one is None else Path(one) for one in about["paths"]),
            digests=tuple(map(str, about["digests"])),
            problems=tuple(None if one is None else Message.from_dict(one) for one in about["problems"]),
            sizes=arrays["sizes"],
            eyes=str(about.get("eyes", "")),  # older files don't say
            **{name: arrays[name] for name in FACE_COLUMNS},
        )

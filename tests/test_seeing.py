"""The record of what was seen: checked, indexed with its columns aligned, merged, and written for nobody else."""

from __future__ import annotations

import dataclasses
import io
import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from castlist.errors import CastlistError, Message, ShapeError
from castlist.faces import Box, Quality
from castlist.naming import Seen


def record(*counts: int, first: int = 0, eyes: str = "a network") -> Seen:
    """Photos with so many faces; each number tells which photo and face it belongs to."""
    photo = np.repeat(np.arange(len(counts)), counts)
    marks = 100.0 * (first + photo) + np.concatenate([np.arange(n) for n in counts] or [[]])
    return Seen.of_photos(
        len(counts),
        paths=[Path(f"{first + i}.jpg") for i in range(len(counts))],
        digests=[f"{first + i:064x}" for i in range(len(counts))],
        sizes=[(first + i, 7) for i in range(len(counts))],
        problems=[None if n else Message("photo-empty", "the file is empty") for n in counts],
        photo=photo,
        boxes=marks[:, None] + np.arange(4),
        confidences=marks,
        qualities=marks[:, None] + np.arange(3),
        embeddings=marks[:, None] * np.ones(5),
        squares=np.ones((len(photo), 2, 2, 3)),
        eyes=eyes,
    )


def marks(seen: Seen) -> list[list[float]]:
    """For each photo the numbers of its faces; all columns must say the same."""
    assert seen.eyes == "a network" and not seen.is_whole
    assert np.array_equal(seen.boxes[:, 0], seen.confidences)
    assert np.array_equal(seen.qualities[:, 0], seen.embeddings[:, 4])
    assert np.array_equal(seen.boxes[:, 0], seen.embeddings[:, 0])
    assert [path and path.stem for path in seen.paths] == [str(int(digest, 16)) for digest in seen.digests]
    assert seen.sizes[:, 0].tolist() == [int(digest, 16) for digest in seen.digests]
    return [seen.confidences[seen.photo == i].tolist() for i in range(len(seen))]


def test_photos_are_chosen_with_their_faces() -> None:
    seen = record(2, 0, 1, 3)
    every = [[0, 1], [], [200], [300, 301, 302]]
    assert marks(seen) == every
    assert seen.counts.tolist() == [2, 0, 1, 3]
    assert record(1, 0).counts.tolist() == [1, 0]
    assert marks(seen[2]) == marks(seen[-2]) == [[200]]
    assert marks(seen[1:]) == every[1:]
    assert marks(seen[::-1]) == every[::-1]
    assert marks(seen[[3, 0, 3]]) == [every[3], every[0], every[3]]
    assert marks(seen[np.array([True, True, False, True])]) == [every[0], every[1], every[3]]
    assert len(seen[[]]) == len(seen[:0]) == 0
    assert [problem is None for problem in seen[[0, 1]].problems] == [True, False]
    with pytest.raises(IndexError):
        seen[4]
    with pytest.raises(IndexError):
        seen[np.array([True, False])]


def test_faces_are_chosen_of_the_same_photos() -> None:
    seen = record(2, 0, 1, 3).faces([1, 2, 4])
    assert marks(seen) == [[1], [], [200], [301]]
    assert (seen.box(0), seen.quality(2)) == (Box(1, 2, 3, 4), Quality(301, 302, 303))


def test_records_are_merged_also_with_none_in_them() -> None:
    parts = [record(2, 0), Seen.empty(), record(first=2), record(0, first=2), record(1, 3, first=3)]
    assert marks(Seen.merge(parts)) == [[0, 1], [], [], [300], [400, 401, 402]]
    assert len(Seen.merge([])) == len(Seen.merge([Seen.empty()])) == 0
    assert Seen.merge([Seen.of_photos(2), record(1)]).embeddings.shape == (1, 5)
    assert Seen.merge([record(0), record(0, eyes="another")]).eyes == "a network"  # without a face, any eyes will do
    assert Seen.empty().is_whole and Seen.of_photos(2).sizes.tolist() == [[0, 0], [0, 0]]
    with pytest.raises(ShapeError, match="different networks can't be one"):
        Seen.merge([record(1), record(1, eyes="another")])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("boxes", np.zeros((2, 4), np.float32)),
        ("boxes", np.zeros((3, 4))),
        ("confidences", np.zeros((3, 1), np.float32)),
        ("landmarks", np.zeros((3, 4, 2), np.float32)),
        ("embeddings", np.full((3, 5), np.nan, np.float32)),
        ("photo", np.array([0, 2, 1])),
        ("photo", np.array([0, 1, 3])),
        ("photo", np.array([-1, 0, 1])),
        ("sizes", np.zeros((2, 2), np.int32)),
        ("sizes", np.full((3, 2), -1, np.int32)),
        ("sizes", [(1, 1)] * 3),
        ("sizes", np.zeros((3, 2))),
        ("digests", ("",)),
        ("problems", (None,) * 4),
        ("paths", [None] * 3),
        ("paths", None),
        ("photo", 0),
        ("photo", [0, 1, 2]),
        ("embeddings", None),
        ("boxes", np.full((3, 4), np.inf, np.float32)),
        ("landmarks", np.full((3, 5, 2), np.nan, np.float32)),
        ("embeddings", np.full((3, 5), 3e38, np.float32)),
        ("eyes", None),
    ],
)
def test_columns_that_do_not_fit_are_refused(column: str, value: object) -> None:
    with pytest.raises(ShapeError):
        dataclasses.replace(record(1, 1, 1), **{column: value})


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    seen = Seen.merge([record(2, 0, 1), Seen.of_photos(1, paths=[Path("a\udcff.jpg")], digests=[f"{3:064x}"])])
    file = tmp_path / "new" / "seen.npz"
    seen.save(str(file))
    again = Seen.load(str(file))
    assert (again.paths, again.digests, again.problems) == (seen.paths, seen.digests, seen.problems)
    assert again.eyes == "a network"
    for column in ("sizes", "photo", "boxes", "landmarks", "confidences", "qualities", "embeddings", "squares"):
        assert np.array_equal(getattr(again, column), getattr(seen, column)), column
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    Seen.empty().save(file)
    assert len(Seen.load(file)) == 0


class Executed:
    """Whoever unpickles it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder),)


def test_a_record_larger_than_the_memory_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_the_memory(path: Path) -> bytes:
        raise MemoryError

    monkeypatch.setattr(Path, "read_bytes", fill_the_memory)
    (tmp_path / "seen.npz").touch()
    with pytest.raises(CastlistError, match=r"can be read \(a file of 0.0 GB, too large to be read\)"):
        Seen.load(tmp_path / "seen.npz")


def test_odd_files_are_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "seen.npz"
    record(2, 0, 1).save(file)
    whole = file.read_bytes()
    bomb, strange = io.BytesIO(), io.BytesIO()
    np.savez_compressed(bomb, about=np.zeros(10_000_000, np.uint8))
    with zipfile.ZipFile(strange, "w") as archive:
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }\n"
        archive.writestr("about.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    pickled = io.BytesIO()
    np.savez(pickled, about=np.array([Executed(tmp_path / "executed")], object))
    odd = [b"", b"PK", whole[:300], whole.replace(b"boxes", b"foxes"), bomb.getvalue(), strange.getvalue()]
    odd += [pickled.getvalue()]
    for data in odd:
        file.write_bytes(data)
        with pytest.raises(CastlistError, match="is not a record of photos that can be read") as refused:
            Seen.load(file)
        assert "\n" not in str(refused.value)
    assert not (tmp_path / "executed").exists()
    with np.load(io.BytesIO(whole)) as arrays:
        columns = dict(arrays)
    later = columns | {
        "about": np.frombuffer(columns["about"].tobytes().replace(b'"version": 1', b'"version": 2'), np.uint8)
    }
    np.savez(file, **later)
    with pytest.raises(CastlistError, match="its version is 2, not 1"):
        Seen.load(file)
    older = columns["about"].tobytes().replace(b', "eyes": "a network"', b"")
    np.savez(file, **columns | {"about": np.frombuffer(older, np.uint8)})
    assert Seen.load(file).eyes == ""
    rng = np.random.default_rng(0)
    for _ in range(200):
        data = bytearray(whole)
        for at in rng.integers(0, len(whole), 3):
            data[at] = rng.integers(256)
        file.write_bytes(data)
        try:
            assert len(Seen.load(file)) == 3
        except CastlistError as error:
            assert error.code == "seen-unreadable"
    with pytest.raises(CastlistError, match="No such file"):
        Seen.load(tmp_path / "none")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_in_a_records_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CastlistError, match="not a regular file"):
        Seen.load(tmp_path / "pipe")


def test_other_than_records_are_not_merged() -> None:
    wide = dataclasses.replace(record(1), embeddings=np.ones((1, 6), np.float32))
    square = dataclasses.replace(record(1), squares=np.zeros((1, 3, 3, 3), np.uint8))
    for others in (iter([record(1), None]), "ab", [record(1), wide], [square, record(1)]):
        with pytest.raises(CastlistError):
            Seen.merge(others)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("n", "columns"),
    [
        (-1, {}),
        (1, {"faces": np.zeros(1)}),
        (1, {"photo": np.array(["a"])}),
        (1, {"sizes": [(10**12, 1)]}),
        (2, {"sizes": [(1, 1)]}),
    ],
)
def test_columns_that_are_none_are_refused(n: int, columns: dict[str, Any]) -> None:
    with pytest.raises(ShapeError):
        Seen.of_photos(n, **columns)

"""Faces that are most like one: found among very many as among few, and never out of an index that is out of date."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")
pytest.importorskip("faiss", reason="archives need castlist[archive]")

from castlist.archive import Archive, ArchivedFace, ArchiveFolder, fill_archive, find_like, indexing, planning
from castlist.archive.searching import CodedSearcher, ExactSearcher, JoinedSearcher, Searcher
from castlist.embeddings import normalize
from castlist.gallery import default_background
from castlist.people import forget
from castlist.testing import embedding_of, level_of, make_run, save_picture, tell_faces
from dying import DYING

N, SEVERAL = 20_000, 5


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    """Five photos of each of many people, as faces in general lie; shape (N, values), float16."""
    background, rng = default_background(), np.random.default_rng(0)
    people = background.strangers[0]
    placed = np.repeat(people[rng.choice(len(people), N // SEVERAL, replace=False)], SEVERAL, axis=0)
    placed = placed + rng.normal(0, 0.7, placed.shape)
    return normalize(placed @ np.linalg.pinv(background.directions) + background.mean).astype(np.float16)


def as_queries(faces: np.ndarray) -> np.ndarray:
    return normalize(faces.astype(np.float32))


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(ExactSearcher, id="exact"),
        pytest.param(CodedSearcher.build, id="codes"),
        pytest.param(
            lambda some: JoinedSearcher([CodedSearcher.build(some[:15_000]), ExactSearcher(some[15_000:])]), id="joined"
        ),
    ],
)
def test_the_nearest_are_those_of_all_products(faces: np.ndarray, build: Any) -> None:
    searcher: Searcher = build(faces)
    assert len(searcher) == N
    asked = np.arange(0, N, 401)
    cosines, rows = searcher.nearest(as_queries(faces[asked]), 12)
    every = as_queries(faces[asked]) @ as_queries(faces).T
    assert rows.shape == cosines.shape == (len(asked), 12)
    assert (rows[:, :SEVERAL] // SEVERAL == asked[:, None] // SEVERAL).all()  # the person's other photos
    assert np.array_equal(rows[:, 0], asked)
    assert (np.diff(cosines) <= 0).all()
    assert np.allclose(cosines, np.take_along_axis(every, rows, axis=1), atol=1e-4)
    assert (cosines[:, -1] >= np.sort(every, axis=1)[:, -12] - 0.02).all()


def test_all_can_be_asked_for(faces: np.ndarray) -> None:
    few = faces[:3]
    parts = JoinedSearcher([ExactSearcher(few[:2]), ExactSearcher(few[2:])])
    for searcher in (ExactSearcher(few), parts):
        _, rows = searcher.nearest(as_queries(few[1:2]), 3)
        assert sorted(rows[0]) == [0, 1, 2] and rows[0, 0] == 1


def test_codes_are_kept_as_they_are(faces: np.ndarray) -> None:
    built = CodedSearcher.build(faces)
    again = CodedSearcher.load(built.to_bytes(), faces)
    assert again.to_bytes() == built.to_bytes() == CodedSearcher.build(faces).to_bytes()


@pytest.mark.parametrize("values", [2, 6, 13, 16, 512])
def test_embeddings_may_have_any_length(values: int) -> None:
    some = normalize(np.random.default_rng(0).standard_normal((700, values))).astype(np.float16)
    _, rows = CodedSearcher.build(some).nearest(as_queries(some[:5]), 1)
    assert np.array_equal(rows[:, 0], np.arange(5))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of three units, of which one part is passed through by codes and one is compared."""
    monkeypatch.setattr(planning, "UNIT", 16)
    monkeypatch.setattr(indexing, "PART", 2)
    monkeypatch.setattr(indexing, "FEW", 24)
    monkeypatch.setattr(indexing, "EXACT", 30)
    monkeypatch.setattr(indexing, "NEAR", 2)
    make_run(tmp_path / "run", ("Ann", "Beatrix", "Cy"))
    for i in range(40):
        save_picture(tmp_path / "photos" / f"{i:02}.png", [level_of(i % 10, i // 10)])
    make(tmp_path)
    return tmp_path


def make(home: Path) -> None:
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces)


def like(home: Path, person: int, look: int = 0) -> list[ArchivedFace]:
    picture = save_picture(home / "asked.png", [level_of(person, look)])
    return find_like(Archive(home / "archive"), picture, finder=tell_faces)


def numbers(found: list[ArchivedFace]) -> list[int]:
    return sorted(int(one.path.stem) for one in found)


def files(home: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (home / "archive" / "index").iterdir()}


def test_an_archive_of_many_faces_is_asked_by_its_index(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_index = {person: like(home, person) for person in range(11)}
    assert numbers(by_index[3]) == [3, 13, 23, 33] and not by_index[10]
    made = files(home)
    assert sorted(made) == [
        *("faces-00001.codes", "faces-00001.json", "faces-00001.npy", "faces-00003.json", "faces-00003.npy")
    ]
    for path in (home / "archive" / "index").iterdir():
        assert os.name == "nt" or stat.S_IMODE(path.stat().st_mode) == 0o600
    assert numbers(like(home, 3)) == [3, 13, 23, 33] and files(home) == made
    monkeypatch.setattr(indexing, "EXACT", 1000)
    ArchiveFolder(home / "archive").drop_index()
    assert by_index == {person: like(home, person) for person in range(11)}
    assert not (home / "archive" / "index").exists()


def test_only_what_has_changed_is_made_anew(home: Path) -> None:
    like(home, 3)
    before = files(home)
    (home / "photos" / "33.png").unlink()  # of the last unit
    save_picture(home / "photos" / "40.png", [level_of(3, 5)])
    make(home)
    assert numbers(like(home, 3)) == [3, 13, 23, 40]
    now = files(home)
    assert {name for name in before if now[name] == before[name]} == {name for name in before if "00001" in name}
    rows = (home / "archive" / "units" / "00003.parquet").read_bytes()
    (home / "archive" / "units" / "00003.parquet").unlink()  # as whoever finds it damaged is told to
    (home / "archive" / "units" / "00004.parquet").unlink()
    assert numbers(like(home, 3)) == [3, 13, 23] and "faces-00003.npy" in files(home)  # few enough to be compared
    (home / "archive" / "units" / "00005.parquet").write_bytes(rows)
    assert numbers(like(home, 5)) == [5, 15, 25, 35] and not [name for name in files(home) if "00003" in name]


@pytest.mark.parametrize("ending", ["codes", "json", "npy"])
@pytest.mark.parametrize("content", [b"", b"nothing of the kind" * 100])
def test_a_damaged_index_is_made_anew(home: Path, ending: str, content: bytes) -> None:
    like(home, 3)
    damaged = home / "archive" / "index" / f"faces-00001.{ending}"
    whole = damaged.read_bytes()
    damaged.write_bytes(content)
    assert numbers(like(home, 3)) == [3, 13, 23, 33]
    assert damaged.read_bytes() == whole


def test_codes_that_faiss_does_not_know_are_made_anew(home: Path) -> None:
    like(home, 3)
    index = home / "archive" / "index"
    codes, record = index / "faces-00001.codes", index / "faces-00001.json"
    whole = codes.read_bytes()
    codes.write_bytes(b"next" + whole[4:])
    made = json.loads(record.read_bytes())
    record.write_text(json.dumps(made | {"digest": hashlib.sha256(codes.read_bytes()).hexdigest()}))
    assert numbers(like(home, 3)) == [3, 13, 23, 33]
    assert codes.read_bytes() == whole


def test_an_index_that_can_not_be_written_is_done_without(home: Path) -> None:
    (home / "archive" / "index").write_bytes(b"a file in its place")
    assert numbers(like(home, 3)) == [3, 13, 23, 33]


def test_while_somebody_is_at_work_each_face_is_compared(home: Path) -> None:
    asked = save_picture(home / "asked.png", [level_of(3)])
    holder = (
        "import sys; from castlist.archive import ArchiveFolder\n"
        "with ArchiveFolder(sys.argv[1]).alone(): print('held', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-P", "-c", holder, str(home / "archive")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"held" + os.linesep.encode()
        assert numbers(find_like(Archive(home / "archive"), asked, finder=tell_faces)) == [3, 13, 23, 33]
        assert not (home / "archive" / "index").exists()
        process.communicate()


def test_of_whoever_is_forgotten_no_byte_is_left(home: Path) -> None:
    assert len(like(home, 1)) == 4
    looks = [embedding_of(level_of(1, look)).astype(np.float16) for look in range(4)]
    index = home / "archive" / "index"
    assert any(looks[0].tobytes() in path.read_bytes() for path in index.iterdir())
    before = (index / "faces-00001.codes").read_bytes()
    forget(home / "run", "Beatrix", archive=home / "archive")
    assert not index.exists()
    assert numbers(like(home, 1)) == [] and numbers(like(home, 3)) == [3, 13, 23, 33]
    for path in (home / "archive").rglob("*"):
        assert path.is_dir() or not any(look.tobytes() in path.read_bytes() for look in looks), path
    assert (index / "faces-00001.codes").read_bytes() != before
    assert sum(json.loads((index / "faces-00001.json").read_bytes())["counts"].values()) == 32 - 4


FINDING = """
from castlist.archive import Archive, find_like, indexing
from castlist.testing import tell_faces
indexing.PART, indexing.FEW, indexing.EXACT = 2, 24, 30
die_before(int(sys.argv[2]), "replace", "fsync", "unlink")
find_like(Archive(sys.argv[1] + "/archive"), sys.argv[1] + "/asked.png", finder=tell_faces)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only systems that fork")
@pytest.mark.parametrize("moment", [2, 8, *(pytest.param(moment, marks=pytest.mark.slow) for moment in (0, 3, 5, 11))])
def test_killed_while_it_is_made_it_is_made_the_next_time(home: Path, own_cache: Path, moment: int) -> None:
    like(home, 3)
    save_picture(home / "photos" / "40.png", [level_of(3, 5)])
    make(home)
    (home / "photos" / "05.png").unlink()
    make(home)
    child = subprocess.run([sys.executable, "-P", "-c", DYING + FINDING, str(home), str(moment)], check=False)
    assert child.returncode == -signal.SIGKILL
    assert numbers(like(home, 3)) == [3, 13, 23, 33, 40]
    assert numbers(like(home, 5)) == [15, 25, 35]
    assert not list((home / "archive" / "index").glob(".*"))  # no part of a file is left

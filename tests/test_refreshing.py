"""A run learnt anew with the newest eyes, from the photos it knows."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from castlist.embeddings import FaceNetwork
from castlist.errors import RunError, ShapeError
from castlist.faces import Face, Template
from castlist.gallery import keep_beside
from castlist.naming import Recognizer, Seen
from castlist.people import enrol, enrol_face, forget, merge, refresh, refreshing, rename, undo
from castlist.people.apart import set_apart
from castlist.run import Run, RunFolder, load_gallery, open_run
from castlist.testing import draw_picture, faces_in_general, level_of, network_bytes, save_picture, tell_faces
from small_runs import PHOTOS, crop, make_small_run

PEOPLE = ("Ann", "王小明", "Beatrix")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run whose photos are there, beside a stranger in each; and a newer network than it was made with."""
    run = make_small_run(tmp_path / "runs" / "first", PEOPLE)
    for person, name in enumerate(PEOPLE):
        for look in range(PHOTOS):
            save_picture(tmp_path / "photos" / name / f"{look}.png", [level_of(20), level_of(person, look)])
            (tmp_path / "photos" / name / f"{look}.png").rename(tmp_path / "photos" / name / f"{look}.jpg")
    (tmp_path / "newest.onnx").write_bytes(network_bytes(seed=6))
    network = FaceNetwork.load(tmp_path / "newest.onnx")
    monkeypatch.setattr(refreshing, "default_network", lambda: network)
    for module in ("gallery", "records"):
        monkeypatch.setattr(f"castlist.gallery.{module}.default_background", faces_in_general)
    return run


def test_a_run_sees_with_the_newest_network_and_is_the_same_otherwise(run: Run, tmp_path: Path) -> None:
    before = open_run(run.path)
    enrol(run.path, "Dora", [save_picture(tmp_path / "elsewhere" / "d.png", [level_of(7)])], finder=tell_faces)
    counts: list[tuple[int, int]] = []
    done = refresh(run.path, finder=tell_faces, on_count=lambda *count: counts.append(count))
    assert (done.photos, done.lost, counts[-1]) == (25, (), (25, 25))
    assert (run.path / "face.onnx").read_bytes() == network_bytes(seed=6)
    now, gallery = load_gallery(open_run(run.path))
    assert now.people == (*PEOPLE, "Dora")
    assert now.sides["test"] == before.sides["test"]
    assert now.sides["train"] == (*before.sides["train"], "Dora/d.png")
    network = FaceNetwork.load(run.path / "face.onnx")
    expected = network.embed(np.stack([crop(0, 0).pixels, crop(7).pixels]))
    assert np.allclose(gallery.embeddings[[0, -1]], expected)
    recognizer = Recognizer.load(run.path, finder=tell_faces)
    shown = [level_of(1, 2), level_of(7, 3), level_of(20)]
    (faces,) = recognizer.name_pixels([draw_picture(shown)])
    assert [face.name for face in faces] == ["王小明", "Dora", "unknown"]
    undo(run.path)
    assert open_run(run.path).people == PEOPLE


def test_what_is_not_found_any_more_leaves_and_is_told(run: Run, tmp_path: Path) -> None:
    ann = tmp_path / "photos" / "Ann"
    (ann / "0.jpg").unlink()
    save_picture(ann / "1.png", [level_of(20)]).replace(ann / "1.jpg")
    save_picture(ann / "2.png", []).replace(ann / "2.jpg")
    done = refresh(run.path, finder=tell_faces)
    assert [photo.path.name for photo in done.lost] == ["0.jpg", "1.jpg", "2.jpg"]
    assert [photo.reason.code for photo in done.lost][1:] == ["face-gone", "no-face"]
    now = open_run(run.path)
    assert [file for file, _ in now.refused[-3:]] == ["Ann/0.jpg", "Ann/1.jpg", "Ann/2.jpg"]
    assert "Ann/0.jpg" not in now.sides["train"]
    assert now.people == PEOPLE


def test_nobody_is_lost_unasked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "photos" / "Ann").rename(tmp_path / "away")
    before = {path: path.read_bytes() for path in run.path.iterdir()}
    with pytest.raises(RunError, match=r"No photo of Ann is found any more.*forget") as caught:
        refresh(run.path, finder=tell_faces)
    assert caught.value.code == "refresh-loses-people"
    assert {path: path.read_bytes() for path in run.path.iterdir()} == before
    forget(run.path, "Ann")
    assert refresh(run.path, finder=tell_faces).run.people == PEOPLE[1:]


def test_photos_follow_their_people(run: Run, tmp_path: Path) -> None:
    for person, name in ((7, "Dora"), (8, "Emil")):
        photo = save_picture(tmp_path / name / "new.png", [level_of(person)])
        enrol(run.path, name, [photo], finder=tell_faces)
    rename(run.path, "Dora", "Dorothea")
    merge(run.path, "Emil", "Dorothea")
    assert refresh(run.path, finder=tell_faces).lost == ()
    forget(run.path, "Dorothea")
    assert str(tmp_path / "Dora") not in (run.path / "run.json").read_text("utf-8")


def test_photos_lie_where_they_lay_whatever_their_people_are_called(run: Run, tmp_path: Path) -> None:
    photos = refresh(run.path, finder=tell_faces).photos
    rename(run.path, "Ann", "Anna")
    rename(run.path, "Anna", "Anne")
    done = refresh(run.path, finder=tell_faces)
    assert (done.photos, done.lost) == (photos, ())
    (tmp_path / "photos" / "Ann").rename(tmp_path / "photos" / "Anne")  # as rename advises
    merge(run.path, "Beatrix", "Anne")
    done = refresh(run.path, finder=tell_faces)
    assert (done.run.people, done.photos, done.lost) == (("Anne", "王小明"), photos, ())
    forget(run.path, "Anne")
    record = (run.path / "run.json").read_text("utf-8")
    assert "Beatrix" not in record and "Ann" not in record


def test_a_look_alike_that_lay_nowhere_is_told_as_lost(run: Run) -> None:
    somebody = FaceNetwork.load(run.face_network_path).embed(crop(20).pixels[None])
    set_apart(
        open_run(run.path), {"Ann": (somebody, [("sent.jpg", None)])}, lambda vectors: np.ones(len(vectors), bool)
    )
    done = refresh(run.path, finder=tell_faces)
    assert [(photo.path.name, photo.reason.code) for photo in done.lost] == [("sent.jpg", "photo-unopened")]
    assert len(load_gallery(open_run(run.path))[1].lookalikes) == 0


def test_with_another_network_in_it_a_run_is_broken_and_loses_nobody(run: Run) -> None:
    refresh(run.path, finder=tell_faces)
    (run.path / "face.onnx").write_bytes(network_bytes(seed=7))
    with pytest.raises(RunError, match=r"is broken: its face.onnx isn't what was learnt"):
        refresh(run.path, finder=tell_faces)


def test_who_comes_or_leaves_meanwhile_stays_or_stays_away(run: Run, tmp_path: Path) -> None:
    photo = save_picture(tmp_path / "new" / "d.png", [level_of(7)])
    others = [lambda: enrol(run.path, "Dora", [photo], finder=tell_faces), lambda: forget(run.path, "Ann")]

    def on_count(done: int, of: int) -> None:
        if done == of and others:
            others.pop(0)()

    done = refresh(run.path, finder=tell_faces, on_count=on_count)
    assert done.run.people == (*PEOPLE[1:], "Dora")
    assert load_gallery(open_run(run.path))[1].people == done.run.people


def test_what_was_seen_with_the_old_network_is_not_added(run: Run, tmp_path: Path) -> None:
    refreshed = []

    def find(pixels: np.ndarray, *, min_face: float | None, template: Template) -> list[Face]:
        if not refreshed:
            refreshed.append(refresh(run.path, finder=tell_faces))
        return tell_faces(pixels, min_face=min_face, template=template)

    with pytest.raises(RunError, match="another face network"):
        enrol(run.path, "Dora", [save_picture(tmp_path / "d.png", [level_of(7)])], finder=find)
    assert open_run(run.path).people == PEOPLE


def test_a_record_of_before_is_neither_named_nor_added(run: Run) -> None:
    holder = Recognizer.load(run.path, finder=tell_faces)
    before = Seen.merge(holder.eyes.see([draw_picture([level_of(7)])]))
    refresh(run.path, finder=tell_faces)
    for use in (lambda: holder.name(before), lambda: enrol_face(holder, "Dora", before, 0, "a.jpg")):
        with pytest.raises(RunError, match="another face network"):
            use()
    with pytest.raises(ShapeError, match="different networks"):
        Seen.merge([before, *holder.eyes.see([draw_picture([level_of(7)])])])
    assert open_run(run.path).people == PEOPLE


def test_killed_while_it_looks_nothing_has_changed(run: Run) -> None:
    before = {path: path.read_bytes() for path in run.path.iterdir()}

    def stop(done: int, of: int) -> None:
        if done == of:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh(run.path, finder=tell_faces, on_count=stop)
    assert {path: path.read_bytes() for path in run.path.iterdir()} == before


def test_a_network_of_the_users_own_stays(run: Run, tmp_path: Path) -> None:
    with RunFolder(run.path).change() as change:
        settings = dataclasses.replace(run.settings, network=str(tmp_path / "own.onnx"))
        change.run = dataclasses.replace(change.run, settings=settings)
    refresh(run.path, finder=tell_faces)
    now, gallery = load_gallery(open_run(run.path))
    assert (run.path / "face.onnx").read_bytes() == network_bytes()
    assert now.settings.network == str(tmp_path / "own.onnx")
    assert gallery.own_background
    # With statistics of faces in general beside it, none are guessed from the cast.
    keep_beside(tmp_path / "own.onnx", FaceNetwork.load(run.face_network_path).digest, faces_in_general())
    refresh(run.path, finder=tell_faces)
    assert not load_gallery(open_run(run.path))[1].own_background


def test_a_run_of_a_trained_network_is_told_what_to_do(run: Run) -> None:
    with RunFolder(run.path).change() as change:
        change.run = dataclasses.replace(change.run, tuned=True)
    with pytest.raises(RunError, match="Change the folders of photos, and train again"):
        refresh(run.path, finder=tell_faces)

"""Who is in a run is told, called otherwise, made one, and taken back; who is meant in a photo is found out."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from castlist.checks.cache import CheckedPhoto, open_cache
from castlist.errors import CastError, CastlistError, Message, RunError, SettingsError
from castlist.faces import Face
from castlist.gallery import Gallery
from castlist.media import find_cast
from castlist.naming import FaceEyes, Recognizer
from castlist.people import (
    Person,
    enrol,
    enrol_face,
    forget,
    forget_photo,
    forgetting,
    list_people,
    merge,
    rename,
    renew_report,
    undo,
)
from castlist.run import Enrolled, Run, RunFolder, load_gallery, open_run
from conftest import save_noise
from small_runs import PHOTOS, TABLE, crop, looked_at, make_small_run

PEOPLE = ("Ann", "王小明", "Beatrix")


@pytest.mark.parametrize("name", ["C:", "z:Ann", "J: Smith"])
def test_nobody_is_called_as_a_path_of_windows_begins(run: Run, name: str, tmp_path: Path) -> None:
    with pytest.raises(CastError, match="Nobody can be called"):
        rename(run.path, "Ann", name)
    with pytest.raises(CastError, match="Nobody can be called"):
        enrol(run.path, name, [save_noise(tmp_path / "new.png", 1)])
    assert open_run(run.path).people == PEOPLE


@pytest.mark.skipif(os.name == "nt", reason="no file can be called so there")
def test_a_photo_called_as_a_way_up_on_windows_breaks_no_run(run: Run, photo_of, tmp_path: Path) -> None:
    odd = photo_of("photos/Dora/a\\..\\b.png", crop(7))
    enrol(run.path, "Dora", [odd])
    assert list_people(open_run(run.path).path)[-1].name == "Dora"
    save_noise(odd.parent / "c.png", 2)
    found = find_cast(tmp_path / "photos")
    assert [photo.path.name for photo in found.photos] == ["c.png"]
    assert [note.code for note in found.notes] == ["folder-unread"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return make_small_run(tmp_path / "runs" / "first", PEOPLE)


@pytest.fixture
def photo_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Makes a photo that shows some faces, told by its width."""
    found: dict[int, list[Face]] = {}
    monkeypatch.setattr(FaceEyes, "find", lambda self, photo, thorough=False: found.get(photo.size[0], []))

    def make(name: str, *faces: Face) -> Path:
        width = 100 + len(found)
        found[width] = list(faces)
        return save_noise(tmp_path / name, width, size=(width, 90))

    return make


def click(run: Run, name: str, face: Face, source: str) -> None:
    """Enrol a face of a photo in which there is no other."""
    recognizer = Recognizer.load(run.path)
    enrol_face(recognizer, name, looked_at(recognizer, face), 0, source)


def opened(run: Run) -> tuple[Run, Gallery]:
    changed, gallery = RunFolder(run.path).read(load_gallery)
    files = [file for side in changed.sides.values() for file in side]
    assert sorted(files) == sorted(gallery.photos) and changed.people == gallery.people
    return changed, gallery


def in_any_byte(folder: Path, text: str) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if text.encode() in path.read_bytes() + path.name.encode()]


def test_who_is_in_a_run(run: Run) -> None:
    click(run, "Dora", crop(7), "a.jpg")
    click(run, "Ann", crop(8), "b.jpg")
    assert list_people(run.path) == (
        Person("Ann", PHOTOS + 1, 1),
        Person("王小明", PHOTOS, 0),
        Person("Beatrix", PHOTOS, 0),
        Person("Dora", 1, 1),
    )


def test_in_a_group_the_only_one_whom_nobody_knows_is_meant(run: Run, photo_of) -> None:
    done = enrol(run.path, "Dora", [photo_of("a.png", crop(7, left=200), crop(0, 1), crop(1, 1, left=400))])
    (face,) = done.faces
    assert (face.number, face.of, face.named.name) == (2, 3, "unknown")
    assert done.doubts == ()


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (
            (crop(7, left=200), crop(8), crop(0, 1, left=400)),
            "1 unknown at 10,10, 2 unknown at 210,10, 3 Ann at 410,10",
        ),
        ((crop(0, 1, left=200), crop(1, 1)), "1 王小明 at 10,10, 2 Ann at 210,10"),
    ],
    ids=["two strangers", "nobody new"],
)
def test_a_group_that_doesn_t_tell_is_refused(run: Run, photo_of, shown: tuple[Face, ...], told: str) -> None:
    photo = photo_of("a.png", *shown)
    before = (run.path / "run.json").read_bytes()
    with pytest.raises(CastError, match="say which is meant with --face N") as refused:
        enrol(run.path, "Dora", [photo])
    assert told in str(refused.value)
    assert (run.path / "run.json").read_bytes() == before
    assert enrol(run.path, "Dora", [photo], face=1).faces[0].number == 1


def test_other_photos_tell_who_is_meant_in_a_group(run: Run, photo_of) -> None:
    photos = [photo_of("group.png", crop(9, left=5), crop(7, left=200), crop(0, 1)), photo_of("alone.png", crop(7, 1))]
    done = enrol(run.path, "Dora", photos)
    assert [(face.photo.name, face.number) for face in done.faces] == [("group.png", 3), ("alone.png", 1)]


def test_a_face_that_isn_t_there_and_a_face_of_several_photos(run: Run, photo_of) -> None:
    photo = photo_of("a.png", crop(7), crop(8, left=200))
    for number in (0, 3):
        with pytest.raises(CastError, match=f"shows 2 faces; there is no face {number}"):
            enrol(run.path, "Dora", [photo], face=number)
    with pytest.raises(SettingsError, match=r"one photo\. Got 2 photos"):
        enrol(run.path, "Dora", [photo, photo], face=1)
    done = enrol(run.path, "Dora", [photo], face=2)
    assert ([(face.number, face.of) for face in done.faces], done.known, done.refused) == ([(2, 2)], (), ())


@pytest.mark.parametrize(
    ("face", "code", "value"),
    [(crop(0, 2), "known-as-other", ("others", "Ann")), (crop(0, 3), "named-as-other", ("other", "Ann"))],
    ids=["a photo that the run knows", "somebody whom the run knows"],
)
def test_what_speaks_against_an_enrolment_is_told(
    run: Run, photo_of, face: Face, code: str, value: tuple[str, str]
) -> None:
    forget_photo(run.path, "Ann", "3.jpg")
    (doubt,) = enrol(run.path, "Dora", [photo_of("a.png", face)]).doubts
    assert isinstance(doubt, Message)
    assert (doubt.code, doubt.values[value[0]]) == (code, value[1])


@pytest.mark.parametrize(
    ("name", "shown", "unlike"),
    [
        ("Ann", [7], [0]),
        ("Dora", [7, 8], [0, 1]),
        ("Dora", [7, 7, 7, 7, 8], [4]),
        ("Ann", [0, 7, 7], [1, 2]),
        ("Dora", [7, 7], []),
    ],
    ids=["somebody else", "two who disagree", "one of five", "two of three", "one person"],
)
def test_faces_that_aren_t_one_person_s_are_told(
    run: Run, photo_of, name: str, shown: list[int], unlike: list[int]
) -> None:
    photos = [photo_of(f"{i}.png", crop(person, i + 1)) for i, person in enumerate(shown)]
    forget_photo(run.path, "Ann", "1.jpg")
    doubts = enrol(run.path, name, photos).doubts
    assert [doubt.code for doubt in doubts] == ["unlike-the-others"] * len(unlike)
    assert [doubt.values["photo"] for doubt in doubts] == [str(photos[i]) for i in unlike]


def test_what_is_there_is_passed_over(run: Run, photo_of) -> None:
    first, again = photo_of("a.png", crop(7)), photo_of("copy.png", crop(7))
    done = enrol(run.path, "Dora", [first, again])
    assert (done.added, done.known) == ((first,), (again,))
    generation = open_run(run.path).generation
    done = enrol(run.path, "Dora", [again])
    assert (done.added, done.known) == ((), (again,))
    click(run, "Dora", crop(7), "c.jpg")
    assert open_run(run.path).generation == generation


def test_photos_of_one_name_are_told_apart(run: Run, photo_of) -> None:
    enrol(run.path, "Ann", [photo_of("x/1.jpg", crop(7)), photo_of("y/1.jpg", crop(7, 1))])
    assert opened(run)[0].sides["train"][-2:] == ("Ann/1-2.jpg", "Ann/1-3.jpg")


def test_the_last_enrolment_is_taken_back_and_then_the_one_before(run: Run, photo_of) -> None:
    before = opened(run)
    enrol(run.path, "Ann", [photo_of("a.png", crop(7)), photo_of("b.png", crop(7, 1))])
    enrol(run.path, "Dora", [photo_of("c.png", crop(8))])
    run.report_path.write_text("Dora")
    assert undo(run.path).name == "Dora"
    assert in_any_byte(run.path, "Dora") == []
    assert undo(run.path).files == ("Ann/a.png", "Ann/b.png")
    after = opened(run)
    assert after[0].sides == before[0].sides
    assert after[1].to_bytes() == before[1].to_bytes()
    with pytest.raises(RunError, match="Nothing is left to take back"):
        undo(run.path)


def test_only_what_is_meant_is_taken_back_and_once(run: Run) -> None:
    click(run, "Dora", crop(7), "d.jpg")
    meant = open_run(run.path).enrolled[-1]
    click(run, "Emil", crop(8), "e.jpg")
    with pytest.raises(RunError, match="Something else was enrolled") as caught:
        undo(run.path, only=meant)
    assert caught.value.code == "enrolled-since"
    assert undo(run.path).name == "Emil"
    assert undo(run.path, only=meant) == meant
    after = open_run(run.path)
    assert after.people == PEOPLE
    assert undo(run.path, only=meant) == meant  # as by a second click
    assert open_run(run.path) == after
    click(run, "Dora", crop(7), "d.jpg")
    rename(run.path, "Dora", "Dori")
    with pytest.raises(RunError, match="or somebody is called otherwise"):
        undo(run.path, only=meant)


@pytest.mark.parametrize("added", [{"apart": ["nowhere.jpg"]}, {"files": ["Dora/d.jpg", "Nobody\0/x.jpg", "x"]}])
def test_what_the_record_has_enrolled_and_the_gallery_lacks_is_nobody_s(run: Run, added: dict[str, list[str]]) -> None:
    for name, face, source in (("Dora", crop(7), "d.jpg"), ("Emil", crop(8), "e.jpg")):
        click(run, name, face, source)
    record = json.loads((run.path / "run.json").read_bytes())
    record["enrolled"][0].update(added)  # as somebody else's may be
    (run.path / "run.json").write_text(json.dumps(record))
    assert undo(run.path).name == "Emil"
    assert open_run(run.path).enrolled == (Enrolled(name="Dora", files=("Dora/d.jpg",)),)
    assert undo(run.path).name == "Dora"
    assert not open_run(run.path).enrolled


def test_who_was_forgotten_is_not_taken_back(run: Run) -> None:
    click(run, "Dora", crop(7), "a.jpg")
    forget(run.path, "Dora")
    assert in_any_byte(run.path, "Dora") == []
    with pytest.raises(RunError, match="Nothing is left to take back"):
        undo(run.path)


@pytest.mark.parametrize("root", ["\ud800", "\0", "x" * 5000])
def test_somebody_is_forgotten_whose_photos_lay_in_no_folder_that_can_be(run: Run, root: str) -> None:
    record = json.loads((run.path / "run.json").read_bytes())
    (run.path / "run.json").write_text(json.dumps(record | {"photos_root": root}))
    assert "photos-remain" not in [one.code for one in forget(run.path, "Ann").remaining]
    assert open_run(run.path).people == PEOPLE[1:]


def test_one_photo_is_forgotten(run: Run) -> None:
    renew_report(run.path)
    assert forget_photo(run.path, "王小明", "some/folder/3.jpg") == "王小明/3.jpg"
    _, gallery = opened(run)
    assert len(gallery.photos) == 3 * PHOTOS - 1
    assert in_any_byte(run.path, "王小明/3.jpg") == []
    assert (gallery.embeddings @ TABLE[PHOTOS + 3]).max() < 0.9999 < (gallery.embeddings @ TABLE[PHOTOS + 4]).max()
    with pytest.raises(RunError, match=r"0 photos of '王小明' .* called '3.jpg'. Choose from: 0.jpg, 1.jpg"):
        forget_photo(run.path, "王小明", "3.jpg")
    click(run, "Dora", crop(7), "a.jpg")
    click(run, "Dora", crop(7, 1), "trip/a.jpg")
    assert forget_photo(run.path, "Dora", "trip/a.jpg") == "Dora/trip/a.jpg"
    with pytest.raises(RunError, match="the only photo of 'Dora'"):
        forget_photo(run.path, "Dora", "a.jpg")
    for photo in ("c.jpg", "d.jpg"):
        click(run, "Zoë", crop(8, int(photo == "d.jpg")), photo)
    assert forget_photo(run.path, unicodedata.normalize("NFD", "Zoë"), "d.jpg") == "Zoë/d.jpg"
    with pytest.raises(RunError, match="knows nobody called 'Zoe'"):
        forget_photo(run.path, "Zoe", "a.jpg")


def test_statistics_of_the_cast_itself_keep_two_photos(run: Run) -> None:
    with RunFolder(run.path).change() as change:
        changed, gallery = load_gallery(change.run)
        two = Gallery.fit(["Ann"], gallery.embeddings[:2], np.zeros(2), gallery.photos[:2], own_background=True)
        change.write(run.gallery_path.name, two.to_bytes())
        change.run = dataclasses.replace(
            changed, people=two.people, sides={"train": two.photos, "validation": (), "test": ()}
        )
    click(run, "Ann", crop(0, 5), "last.jpg")
    forget_photo(run.path, "Ann", "1.jpg")
    with pytest.raises(RunError, match="Too few photos would be left"):
        undo(run.path)
    assert opened(run)[1].photos == ("Ann/0.jpg", "Ann/last.jpg")


def test_somebody_is_called_otherwise_everywhere(run: Run) -> None:
    click(run, "Beatrix", crop(7), "a.jpg")
    renew_report(run.path)
    holder = Recognizer.load(run.path)
    vectors = opened(run)[1]
    rename(run.path, "Beatrix", "小滿")
    changed, gallery = opened(run)
    assert changed.people == ("Ann", "王小明", "小滿")
    assert in_any_byte(run.path, "Beatrix") == []
    np.testing.assert_array_equal(gallery.thresholds_, vectors.thresholds_)
    assert holder.gallery is not None and holder.gallery.people == changed.people
    assert changed.refused[0][0] == "小滿/blurred.jpg"
    assert "'小滿'" in str(changed.notes[0])
    renew_report(run.path)
    assert run.answers_path.read_text("utf-8").splitlines()[0].endswith("Ann,王小明,小滿,unknown")
    assert undo(run.path).name == "小滿"
    rename(run.path, "Ann", "Anna")
    assert [(one.name, one.was("Beatrix"), one.was("Ann")) for one in open_run(run.path).calls] == [
        ("小滿", True, False),
        ("Anna", False, True),
    ]
    click(run, "Dora", crop(8), "d.jpg")
    rename(run.path, "Dora", "Dori")
    assert undo(run.path).name == "Dori"  # who leaves, and what she was called with her
    assert [one.name for one in open_run(run.path).calls] == ["小滿", "Anna"]


@pytest.mark.parametrize("folder", ["  Zoë", unicodedata.normalize("NFD", "Zoë")])
def test_somebody_is_known_by_photos_in_a_folder_that_has_the_name_in_another_form(tmp_path: Path, folder: str) -> None:
    run = make_small_run(tmp_path / "runs" / "first", ["Ann", "Zoë", "Bo"])

    def lying(file: str) -> str:
        return file.replace("Zoë/", f"{folder}/")

    with RunFolder(run.path).change() as change:  # as `learn` calls the photos of such a folder
        changed, gallery = load_gallery(change.run)
        photos = [lying(photo) for photo in gallery.photos]
        change.write(run.gallery_path.name, gallery.regroup(gallery.people, gallery.person, photos).to_bytes())
        change.run = dataclasses.replace(
            changed,
            sides={side: tuple(map(lying, files)) for side, files in changed.sides.items()},
            refused=((f"{folder}/blurred.jpg", Message("too-blurred", "too blurred")),),
            notes=(Message("cast-name-here", "{name!r} is learnt.", {"name": folder}),),
        )
    assert list_people(run.path)[1] == Person("Zoë", PHOTOS, 0)
    assert forget_photo(run.path, "Zoë", "3.jpg") == f"{folder}/3.jpg"
    learnt = re.findall(r'<td class="number">(\d+)</td></tr>', renew_report(run.path).read_text("utf-8"))
    assert int(learnt[1]) > 0
    with RunFolder(run.path).change() as change:
        change.run = dataclasses.replace(change.run, photos_root=str(tmp_path / "cast"))
    save_noise(tmp_path / "cast" / folder / "5.jpg", 1)
    assert open_run(run.path).photo_path(f"{folder}/5.jpg") == tmp_path / "cast" / folder / "5.jpg"
    rename(run.path, "Zoë", "Max")
    assert open_run(run.path).photo_path("Max/5.jpg") == tmp_path / "cast" / folder / "5.jpg"
    rename(run.path, "Max", "Zoë")
    assert open_run(run.path).photo_path("Zoë/5.jpg") == tmp_path / "cast" / folder / "5.jpg"
    rename(run.path, "Zoë", "Max")
    assert list_people(run.path)[1] == Person("Max", PHOTOS - 1, 0)
    forget(run.path, "Max")
    assert open_run(run.path).people == ("Ann", "Bo")
    assert [form for form in (folder, "Zoë", "Max") if in_any_byte(run.path, form)] == []
    opened(run)


def _refuse(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("is_killed", [False, True])
def test_of_somebody_called_otherwise_all_goes_that_is_kept_under_the_name_before(
    run: Run, tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, is_killed: bool
) -> None:
    h5py = pytest.importorskip("h5py")
    (own_cache / "datasets").mkdir(parents=True)
    for person in ("Beatrix", "Ann"):
        with h5py.File(own_cache / "datasets" / f"{person}.h5", "w") as file:
            file.attrs["people"] = json.dumps([person])
        with open_cache() as cache:
            cache.keep(person, person, CheckedPhoto(None, Message("a", "x"), (), np.zeros((0, 0), np.float32)))
        (tmp_path / "cast" / person).mkdir(parents=True)
    with RunFolder(run.path).change() as change:
        change.run = dataclasses.replace(change.run, photos_root=str(tmp_path / "cast"))
    rename(run.path, "Beatrix", "Max")
    rename(run.path, "Max", "Maxi")
    if is_killed:
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(forgetting, "delete_kept", _refuse)
            forget(run.path, "Maxi")
    receipt = forget(run.path, "Maxi")
    assert {"forgot-datasets", "forgot-checks"} <= {one.code for one in receipt.removed}
    assert receipt.remaining[0].values == {"folder": str(tmp_path / "cast" / "Beatrix")}
    assert [one.name for one in (own_cache / "datasets").iterdir()] == ["Ann.h5"]
    assert b"Beatrix" not in (own_cache / "checks.sqlite").read_bytes()
    assert open_run(run.path).calls == open_run(run.path).leaving == ()


def test_two_are_one(run: Run) -> None:
    click(run, "Bea", crop(2, 0), "0.jpg")
    click(run, "Bea", crop(7), "b.jpg")
    changed = merge(run.path, "Bea", "Beatrix")
    assert changed.people == PEOPLE
    _, gallery = opened(run)
    assert in_any_byte(run.path, "Bea/") == []
    assert [photo for photo in gallery.photos if photo.startswith("Beatrix/")][-2:] == [
        "Beatrix/0-2.jpg",
        "Beatrix/b.jpg",
    ]
    fitted = Gallery.fit(
        gallery.people, gallery.embeddings, gallery.person, gallery.photos, background=gallery.background
    )
    np.testing.assert_allclose(gallery.trust_, fitted.trust_, atol=1e-5)
    np.testing.assert_allclose(gallery.thresholds_, fitted.thresholds_, atol=1e-4)
    assert undo(run.path).files == ("Beatrix/b.jpg",)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda path: rename(path, "Zoe", "Bo"), "knows nobody called 'Zoe'"),
        (lambda path: rename(path, "Ann", "Beatrix"), "castlist merge .* 'Ann' 'Beatrix'"),
        (lambda path: rename(path, "Ann", "BEATRIX"), "differ only by case"),
        (lambda path: rename(path, "Ann", "Ann"), "'Ann' is called so already"),
        (lambda path: rename(path, "Ann", "unknown"), "Nobody can be called"),
        (lambda path: rename(path, "Ann", "a/b"), "can be called"),
        (lambda path: merge(path, "Ann", "Zoe"), "knows nobody called 'Zoe'"),
        (lambda path: merge(path, "Ann", "Ann"), "one person already"),
    ],
)
def test_what_can_t_be_leaves_the_run_as_it_was(run: Run, change, reason: str) -> None:
    before = (run.path / "run.json").read_bytes(), run.gallery_path.read_bytes()
    with pytest.raises(CastlistError, match=reason):
        change(run.path)
    assert ((run.path / "run.json").read_bytes(), run.gallery_path.read_bytes()) == before


def test_who_is_in_a_run_stays_while_it_is_trained(run: Run) -> None:
    with RunFolder(run.path).change() as change:
        change.run = dataclasses.replace(change.run, complete=False)
    with pytest.raises(RunError, match="castlist resume"):
        rename(run.path, "Ann", "Bo")


def test_only_the_case_of_a_name_may_change(run: Run) -> None:
    assert rename(run.path, "Ann", "ANN").people == ("ANN", *PEOPLE[1:])

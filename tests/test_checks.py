"""What a check finds in folders made to be wrong, and what it leaves alone."""

from __future__ import annotations

import dataclasses
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from castlist import checks, cli
from castlist.caches import set_cache_folder
from castlist.checks import check_photos, quick_check
from castlist.checks.appearance import face_looks_drawn, looks_drawn
from castlist.checks.cache import CheckedFace, CheckedPhoto, delete_checks_of, open_cache
from castlist.checks.covering import count_edges, looks_covered
from castlist.checks.curve import enough, learning_curve
from castlist.checks.folders import find_one_person, find_two_people
from castlist.checks.judging import judge
from castlist.checks.likeness import write_alike
from castlist.checks.looking import CLOSER
from castlist.checks.names import judge_names
from castlist.checks.people import check_counts, check_names, doubt_names
from castlist.checks.records import Finding, describe
from castlist.drawn import draw_cast
from castlist.duplicates import sign_photo
from castlist.embeddings import normalize
from castlist.errors import CastError, CastlistError, Message
from castlist.faces import Box, Face, Quality, find_faces, is_cut_off
from castlist.gallery import NOBODY, Knowledge, default_background
from castlist.media import OpenPhoto, find_photos, read_photo
from conftest import save_noise


@pytest.fixture(autouse=True)
def own_cache(own_cache: Path) -> Path:
    return own_cache / "checks.sqlite"


def draw_people(n_people: int, n_photos: int, *, spread: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of invented people as the statistics of faces in general have them, and who each is."""
    background, rng = default_background(), np.random.default_rng(0)
    axes = len(background.between)
    people = background.kinds.draw(3000)[0][rng.choice(2900, n_people, replace=False)]
    placed = np.repeat(people, n_photos, axis=0) + rng.normal(0, spread, (n_people * n_photos, axes))
    embeddings = placed @ np.linalg.pinv(background.directions) + background.mean
    return normalize(embeddings), np.repeat(np.arange(n_people), n_photos)


def test_wrong_names_are_found_and_right_ones_left_alone() -> None:
    embeddings, true = draw_people(6, 15)
    person = true.copy()
    person[[3, 40, 77]] = [5, 0, 2]
    judged = judge_names(embeddings, person, np.arange(90), default_background())
    assert np.flatnonzero(judged.right < 0.5).tolist() == [3, 40, 77]
    assert judged.rather[[3, 40, 77]].tolist() == true[[3, 40, 77]].tolist()


def test_somebody_outside_the_cast_is_rather_nobody() -> None:
    embeddings, true = draw_people(5, 12)
    person = np.where(true == 4, 0, true)[: 4 * 12 + 1]
    judged = judge_names(embeddings[: 4 * 12 + 1], person, np.arange(49), default_background())
    assert np.flatnonzero(judged.right < 0.5).tolist() == [48]
    assert judged.rather[48] == NOBODY


def test_copies_of_a_wrong_photo_do_not_vouch_for_it() -> None:
    embeddings, person = draw_people(3, 6)
    embeddings = np.concatenate([embeddings, np.repeat(embeddings[:1], 5, axis=0)])
    person = np.append(person, [1] * 5)  # six copies, one under the right name and five under a wrong one
    group = np.append(np.arange(18), [18] * 5)
    judged = judge_names(embeddings, person, group, default_background())
    assert (judged.right[-5:] < 0.5).all()


def test_looks_shared_with_a_few_photos_of_the_person_are_no_wrong_name() -> None:
    embeddings, person = draw_people(5, 16)
    background, rng = default_background(), np.random.default_rng(1)
    placed = background.place(embeddings)
    # Four photos of the first person, as like each other as usual and far from the person's others: a make-up, say.
    look = background.kinds.draw(3000)[0][1234] - placed[:4].mean(axis=0)
    placed[:4] += 0.85 * look + rng.normal(0, 0.1, (4, placed.shape[1]))
    made_up = normalize(placed @ np.linalg.pinv(background.directions) + background.mean)
    judged = judge_names(made_up, person, np.arange(80), background)
    assert (judged.right > 0.5).all()
    alone = np.delete(np.arange(80), [1, 2, 3])  # without the three like it, the same photo is no longer believed
    judged = judge_names(made_up[alone], person[alone], np.arange(77), background)
    assert np.flatnonzero(judged.right < 0.5).tolist() == [0]


def test_photos_of_one_minute_are_no_wrong_names_however_alike() -> None:
    embeddings, person = draw_people(6, 10)
    minute, _ = draw_people(6, 10, spread=0.02)  # the same people
    embeddings[:20] = minute[:20]
    judged = judge_names(embeddings, person, np.arange(60), default_background())
    assert (judged.right > 0.9).all()


def test_poor_faces_are_never_nobody_but_may_be_another() -> None:
    embeddings, true = draw_people(5, 12)
    person = np.where(true == 4, 0, true)[:49]  # the last one is of nobody in the cast
    person[5] = 2
    poor = np.ones(49, bool)
    judged = judge_names(embeddings[:49], person, np.arange(49), default_background(), poor=poor)
    assert judged.right[5] < 0.01 and judged.rather[5] == 0
    assert (np.delete(judged.right, [5, 48]) > 0.9).all()
    assert judged.right[48] > 0.4 and NOBODY not in judged.rather[judged.right < 0.5]


def test_training_judges_names_as_a_check_does(tmp_path: Path) -> None:
    """Faces too poor to be nobody's, and photos of one burst that are no copies, are the same to both."""
    embeddings, true = draw_people(5, 12)
    person = np.where(true == 4, 0, true)[:49]
    person[5] = 2
    files, copies, poor = tuple(f"{i}.jpg" for i in range(49)), np.arange(49), np.arange(49) == 48
    people = ("Ann", "Bob", "Cid", "Dee")
    dataset = SimpleNamespace(
        people=people,
        files=files,
        person=person,
        copies=copies,
        group=np.where(copies < 4, 0, copies),
        take=np.where(copies < 4, 0, -1),
        embeddings=embeddings[:49],
        poor=poor,
        refused=(),
        notes=(),
        is_marked=False,
    )
    judged = judge(person, copies, embeddings[:49], poor, 0).doubts
    found = check_names(people, [tmp_path / file for file in files], person, copies, judged)
    assert {one.photos[0].name for one in found if one.rather == "Ann"} == {"5.jpg"}
    assert all(one.rather for one in found)  # of the poor one nobody's name is said
    assert list(quick_check(dataset, tmp_path).findings) == found


def test_of_two_photos_that_disagree_neither_is_known_to_be_wrong() -> None:
    embeddings, _ = draw_people(8, 6)
    person = np.repeat(np.arange(7), [6, 6, 6, 6, 6, 6, 2])
    embeddings = embeddings[[*range(36), 36, 42]]
    judged = judge_names(embeddings, person, np.arange(38), default_background())
    assert (judged.right[:36] > 0.5).all()
    assert 0.2 < judged.right[36] < 0.9 and 0.2 < judged.right[37] < 0.9


def test_copies_of_a_wrong_photo_are_told_once() -> None:
    embeddings, person = draw_people(4, 12)
    embeddings = np.concatenate([embeddings, embeddings[:1]])
    person = np.append(person, 1)
    person[0] = 1
    paths = [Path(f"{i}.jpg") for i in range(49)]
    group = np.append(np.arange(48), 0)
    doubts = doubt_names(person, group, embeddings, np.zeros(len(person), bool))
    findings = check_names(["Ann", "Bob", "Cid", "Dee"], paths, person, group, doubts)
    assert [one.photos for one in findings] == [(paths[0], paths[48])]
    assert findings[0].rather == "Ann"


def test_two_folders_of_one_person_and_one_folder_of_two() -> None:
    embeddings, person = draw_people(4, 12)
    background = default_background()
    assert find_one_person(embeddings, person, background) == []
    halved = np.where((person == 1) & (np.arange(48) % 2 == 0), 4, person)
    assert find_one_person(embeddings, halved, background) == [(1, 4)]
    assert find_two_people(embeddings[:12], background) is None
    second = find_two_people(embeddings[:18], background)
    assert second is not None
    assert np.flatnonzero(second).tolist() == [12, 13, 14, 15, 16, 17]
    many, whose = draw_people(12, 30)
    strays = np.flatnonzero(whose > 0)[::30]  # one of each other person
    assert find_two_people(np.concatenate([many[whose == 0], many[strays]]), background) is None
    assert find_two_people(np.repeat(many[:1], 12, axis=0), background) is None, "copies of one photo"


def test_copies_leaks_and_damaged_files(tmp_path: Path) -> None:
    root, other = tmp_path / "cast", tmp_path / "other"
    first = save_noise(root / "Ann" / "1.png", 1, (200, 150))
    shutil.copy(first, root / "Ann" / "2.png")
    save_noise(root / "Bob" / "3.png", 2, (200, 150))
    (root / "Bob" / "broken.jpg").write_bytes(b"\xff\xd8\xffnot")
    Image.open(root / "Bob" / "3.png").save(root / "Ann" / "of_bob.jpg", quality=60)
    other.mkdir()
    Image.open(first).resize((100, 75)).save(other / "small.png")
    findings = check_photos(root, against=other)
    kinds = {(one.kind, *sorted(path.name for path in one.photos)) for one in findings.findings if one.photos}
    assert ("copy", "1.png", "2.png") in kinds
    assert ("two-names", "3.png", "of_bob.jpg") in kinds
    assert ("unreadable", "broken.jpg") in kinds
    assert ("leak", "1.png", "2.png", "small.png") in kinds
    assert next(one.kind for one in findings.findings) == "leak"  # worst first
    assert findings.n_photos == 5
    assert "pictures under two names (1)" in findings.summary_lines()[0]
    assert "leak" not in {one.kind for one in check_photos(root).findings}


def test_any_folder_and_no_folder(tmp_path: Path) -> None:
    save_noise(tmp_path / "flat" / "1.png", 1)
    findings = check_photos(tmp_path / "flat")
    assert [one.kind for one in findings.findings] == ["no-face"]
    assert findings.people == ()
    assert "names aren't judged" in str(findings.notes[0])
    with pytest.raises(CastError, match="not a folder"):
        check_photos(tmp_path / "nowhere")


def test_a_second_check_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(3):
        save_noise(tmp_path / "cast" / "Ann" / f"{i}.png", i)
    first = check_photos(tmp_path / "cast")

    def fail(*_: object) -> None:
        raise AssertionError("looked at again")

    monkeypatch.setattr("castlist.checks.looking.open_photo", fail)
    monkeypatch.setattr("castlist.checks.looking.find_duplicates", fail)
    assert check_photos(tmp_path / "cast") == first
    save_noise(tmp_path / "cast" / "Ann" / "0.png", 9)  # other content, same name
    with pytest.raises(AssertionError, match="again"):
        check_photos(tmp_path / "cast")


def test_the_cache_gives_back_what_it_was_given() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 60, 3), np.uint8)
    faces = (CheckedFace(Box(1.5, 2, 30, 40), 0.5, Quality(12.0, 0.25, -3.0)),) * 2
    vectors = np.arange(256, dtype=np.float32).reshape(2, 128)
    with open_cache() as cache:
        cache.keep("a", "Ann", CheckedPhoto(sign_photo(b"x", pixels), None, faces, vectors))
        found = cache.find("a", "Ann")
        assert found is not None and found.signature is not None
        assert found.faces == faces
        assert np.array_equal(found.embeddings, vectors)
        assert (found.signature.height, found.signature.width) == (50, 60)
        assert cache.find("a", "Bob") is None


def test_who_is_forgotten_leaves_no_trace_in_the_cache(own_cache: Path) -> None:
    for person in ("Ann", "Zebulon"):
        with open_cache() as cache:
            cache.keep(
                person,
                person,
                CheckedPhoto(None, Message("a", f"secret of {person}"), (), np.zeros((0, 0), np.float32)),
            )
    assert delete_checks_of("Zebulon".__eq__) == 1
    assert delete_checks_of("Zebulon".__eq__) == 0
    assert b"Zebulon" not in own_cache.read_bytes()
    assert b"secret of Ann" in own_cache.read_bytes()


def test_the_face_of_the_forgotten_is_kept_under_no_other_name(own_cache: Path) -> None:
    pixels = np.zeros((50, 60, 3), np.uint8)
    faces = (CheckedFace(Box(1.5, 2, 30, 40), 0.5, Quality(12.0, 0.25, -3.0)),)
    vector = np.random.default_rng(5).normal(size=(1, 128)).astype(np.float32)
    with open_cache() as cache:
        for digest, person in (("same", "Zebulon"), ("same", "Ann"), ("other", "Ann")):
            mine = vector if digest == "same" else -vector
            cache.keep(digest, person, CheckedPhoto(sign_photo(b"x", pixels), None, faces, mine))
    assert vector.tobytes()[:64] in own_cache.read_bytes()
    assert delete_checks_of("Zebulon".__eq__) == 2
    assert vector.tobytes()[:64] not in own_cache.read_bytes()
    with open_cache() as cache:
        assert cache.find("same", "Ann") is None and cache.find("other", "Ann") is not None


def test_a_killed_check_leaves_no_journal_with_the_forgotten(own_cache: Path) -> None:
    with open_cache() as cache:
        for i in range(300):
            reason = Message("", "{text}", {"text": f"secret of Zebulon {i} " + "x" * 300})
            cache.keep(str(i), "Zebulon", CheckedPhoto(None, reason, (), np.zeros((0, 0), np.float32)))
    script = f"""
import os, signal, sqlite3
connection = sqlite3.connect({str(own_cache)!r})
connection.execute("PRAGMA cache_size = 2")  # so that changes reach the disk before the end
connection.execute("UPDATE photo SET drawn = 1")
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", script]).returncode == -signal.SIGKILL
    journal = own_cache.with_name(own_cache.name + "-journal")
    assert b"secret of Zebulon" in journal.read_bytes()
    assert delete_checks_of("Zebulon".__eq__) == 300
    assert all(b"Zebulon" not in path.read_bytes() for path in own_cache.parent.iterdir())
    assert own_cache.stat().st_mode & 0o777 == 0o600


def test_the_same_faces_under_the_same_names_are_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    embeddings, person = draw_people(4, 12)
    person[0] = 1
    person[24:30] = 4  # two folders of one person
    embeddings[45:48] = draw_people(6, 12)[0][60:63]  # and one of two
    group, poor = np.arange(48), np.zeros(48, bool)
    with open_cache() as cache:
        epoch = cache.epoch
    first = judge(person, group, embeddings, poor, epoch)
    assert first.doubts.wrong and first.doubts.same and first.doubts.divided and first.curve

    def fail(*_: object) -> None:
        raise AssertionError("judged again")

    monkeypatch.setattr("castlist.checks.judging.doubt_names", fail)
    assert judge(person, group, embeddings, poor, epoch) == first
    other_name, other_copy, other_face, other_poor = person.copy(), group.copy(), embeddings.copy(), ~poor
    other_name[7] = 2
    other_copy[7] = 6
    other_face[7] = embeddings[20]
    for changed in (
        (other_name, group, embeddings, poor),
        (person, other_copy, embeddings, poor),
        (person, group, other_face, poor),
        (person, group, embeddings, other_poor),
    ):
        with pytest.raises(AssertionError, match="again"):
            judge(*changed, epoch)
    faces = default_background()
    others = dataclasses.replace(faces, between=faces.between * np.float32(1.01))
    for name, value in {"VERSION": 0, "default_background": lambda: others}.items():
        with monkeypatch.context() as patch, pytest.raises(AssertionError, match="again"):
            patch.setattr(f"castlist.checks.judging.{name}", value)
            judge(person, group, embeddings, poor, epoch)


def test_a_photo_renamed_or_changed_after_a_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embeddings, person = draw_people(3, 6)
    person[5] = 1  # of the first person, in the second one's folder
    cast, vector_of = tmp_path / "cast", {}
    for i in range(18):
        save_noise(cast / "ABC"[person[i]] / f"{i:02}.png", i)
        vector_of[read_photo(cast / "ABC"[person[i]] / f"{i:02}.png").tobytes()] = embeddings[i]

    def find(photo: OpenPhoto) -> list[Face]:  # one clear face, whose crop is the whole photo
        landmarks = np.array([[12, 12], [24, 12], [18, 18], [13, 24], [23, 24]], np.float32)
        return [Face(photo.decode().pixels, Box(1, 2, 30, 40), landmarks, 0.9, Quality(60.0, 99.0, 0.0))]

    def embed(crops: np.ndarray) -> np.ndarray:
        return np.stack([vector_of[crop.tobytes()] for crop in crops])

    begun: list[str] = []

    def begin(what: str) -> Callable[[int, int], None]:
        begun.append(what)
        return lambda done, total: None

    def wrong() -> list[str]:
        found = check_photos(cast, on_stage=begin).findings
        return [path.name for one in found if one.kind == "wrong-name" for path in one.photos]

    monkeypatch.setattr("castlist.checks.looking.find_photo_faces", find)
    monkeypatch.setattr("castlist.checks.looking.embed", embed)
    assert wrong() == ["05.png"]
    assert begun == ["Photos", "Copies", "Names"]
    (cast / "B" / "05.png").rename(cast / "B" / "renamed.png")
    assert wrong() == ["renamed.png"]
    save_noise(cast / "B" / "renamed.png", 99)  # now a photo of the second person
    mean = normalize(embeddings[6:12].mean(axis=0, keepdims=True))[0]
    vector_of[read_photo(cast / "B" / "renamed.png").tobytes()] = mean
    assert wrong() == []
    (cast / "B" / "renamed.png").rename(cast / "A" / "moved.png")
    assert wrong() == ["moved.png"]


def test_who_is_forgotten_leaves_no_judgement(own_cache: Path) -> None:
    with open_cache() as cache:
        cache.keep("a", "Zebulon", CheckedPhoto(None, Message("a", "unreadable"), (), np.zeros((0, 0), np.float32)))
        cache.keep_judgement("the stamp of a judgement", "its outcome")
    assert b"stamp of a judgement" in own_cache.read_bytes() and b"its outcome" in own_cache.read_bytes()
    assert delete_checks_of("Zebulon".__eq__) == 1
    assert b"stamp of a judgement" not in own_cache.read_bytes() and b"its outcome" not in own_cache.read_bytes()


def test_a_check_that_began_before_somebody_was_forgotten_keeps_nothing_any_more(own_cache: Path) -> None:
    nothing = CheckedPhoto(None, Message("a", "unreadable"), (), np.zeros((0, 0), np.float32))
    with open_cache() as cache:
        cache.keep("a", "Zebulon", nothing)
        cache.commit()
        code = f"""
from pathlib import Path
from castlist.checks import cache
cache.cache_file = lambda: Path({str(own_cache)!r})
assert cache.delete_checks_of("Zebulon".__eq__) == 1
"""
        subprocess.run([sys.executable, "-P", "-c", code], check=True)
        cache.keep("b", "Zebulon", nothing)
        cache.keep_judgement("the stamp", "its outcome")
        cache.commit()
    with open_cache(cache.epoch) as late:
        late.keep_judgement("the stamp", "its outcome")
    with open_cache() as later:
        assert later.find("b", "Zebulon") is None and later.find_judgement("the stamp") is None
        later.keep("b", "Ann", nothing)
    with open_cache() as again:
        assert again.find("b", "Ann") is not None
    assert b"Zebulon" not in own_cache.read_bytes()


def test_a_photo_is_as_like_another_as_a_person_known_by_it() -> None:
    placed, between = default_background().kinds.draw(60)[0], default_background().between
    known = Knowledge.from_sums(between, placed[:20], np.ones(20))
    alike = write_alike(placed, between)
    swapped = np.hstack([alike[:20, :-2], alike[:20, -1:], alike[:20, -2:-1]])
    assert np.allclose(alike @ swapped.T, known.scores(placed), atol=1e-3)


def test_a_damaged_cache_is_made_anew_and_one_that_cannot_be_written_is_told(own_cache: Path) -> None:
    own_cache.parent.mkdir(exist_ok=True)
    own_cache.write_bytes(b"not a database" * 100)
    with open_cache() as cache:
        assert cache.find("a", "Ann") is None
    own_cache.unlink()
    own_cache.mkdir()
    with pytest.raises(CastlistError, match="can't be kept"), open_cache():
        pass


def test_why_a_file_cannot_be_read_is_told_in_the_readers_language() -> None:
    why = Message("system-refuses", "The system refuses ({reason}).", {"reason": "5 bytes, then nothing"})
    finding = Finding("unreadable", (Path("a.jpg"),), (), {"how": why})
    assert finding.message == "can't be read: The system refuses (5 bytes, then nothing)."
    assert describe(finding, "zh-TW") == "無法讀取：系統不允許（5 bytes, then nothing）。"


def test_checks_that_begin_at_once_make_one_cache(tmp_path: Path) -> None:
    def keep(stamp: str) -> None:
        with open_cache() as cache:
            cache.keep_pairs(stamp, [])

    for number in range(10):
        set_cache_folder(tmp_path / str(number))
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(keep, "abcdefgh"))
        with open_cache() as cache:
            assert all(cache.find_pairs(stamp) == [] for stamp in "abcdefgh")


def test_drawn_faces_are_told_from_photographed_ones(tmp_path: Path) -> None:
    pytest.importorskip("skimage", reason="the portrait is in scikit-image")
    from skimage.data import astronaut

    draw_cast(tmp_path, pictures_per_person=4, size=224, seed=5)
    found = [face for path in find_photos([tmp_path]) for face in find_faces(read_photo(path), template=CLOSER)]
    told = [face_looks_drawn(face.pixels) for face in found if face.quality.problem is None]
    assert sum(told) > 0.65 * len(told) > 7
    (portrait,) = find_faces(np.asarray(astronaut()), template=CLOSER)
    assert not face_looks_drawn(portrait.pixels)


def test_a_drawing_with_a_face_is_found_among_photos_and_not_in_a_cast_of_drawings(tmp_path: Path) -> None:
    pytest.importorskip("skimage", reason="the portrait is in scikit-image")
    from skimage.data import astronaut

    draw_cast(tmp_path / "drawn", pictures_per_person=4, size=224, seed=5)
    drawn = next(
        path
        for path in find_photos([tmp_path / "drawn"])
        if (faces := find_faces(read_photo(path), template=CLOSER))
        and all(face_looks_drawn(face.pixels) for face in faces)
    )
    person = tmp_path / "cast" / "Eileen"
    person.mkdir(parents=True)
    portrait = Image.fromarray(astronaut())
    for i, left in enumerate((0, 40, 80)):
        portrait.crop((left, 0, left + 400, 400)).save(person / f"{i}.png")
    shutil.copy(drawn, person / "drawing.jpg")
    found = check_photos(tmp_path / "cast").findings
    assert [finding.photos for finding in found if finding.kind == "drawing"] == [(person / "drawing.jpg",)]
    assert not [finding for finding in check_photos(tmp_path / "drawn").findings if finding.kind == "drawing"]


def test_drawings_among_photos_and_faces_cut_off() -> None:
    flat = np.full((120, 100, 3), (250, 220, 60), np.uint8)
    flat[30:90, 20:80] = (40, 90, 200)
    flat[50:60, :] = 0
    assert looks_drawn(flat)
    noise = np.random.default_rng(0).integers(0, 256, (12, 10, 3), np.uint8)
    assert not looks_drawn(np.asarray(Image.fromarray(noise).resize((100, 120), Image.Resampling.BICUBIC)))
    assert not looks_drawn(np.zeros((20, 20, 3), np.uint8))
    face = np.array([[40, 50], [60, 50], [50, 62], [43, 72], [57, 72]], np.float32)
    assert not is_cut_off(face, 100, 100)
    assert is_cut_off(face - [39, 0], 100, 100)
    assert is_cut_off(face, 73, 100)


def test_how_many_photos_are_enough_is_told_from_the_cast_itself() -> None:
    embeddings, person = draw_people(12, 12, spread=2.2)
    curve = learning_curve(person, np.arange(144), embeddings)
    assert [point.known for point in curve] == [1, 2, 3, 5, 10]
    assert curve[0].named < curve[-1].named and curve[-1].named > 0.9
    goal = enough(curve)
    assert goal is not None and goal.named > curve[-1].named - 0.02
    # Copies teach nothing: of twelve files that are two pictures there is one to ask when one is known.
    assert [point.known for point in learning_curve(person, np.arange(144) // 6, embeddings)] == [1]
    three = slice(36)  # people, of each of whom two photos are left when ten are known: too few
    assert [point.known for point in learning_curve(person[three], np.arange(36), embeddings[three])] == [1, 2, 3, 5]
    assert learning_curve(person[:24], np.arange(24), embeddings[:24]) == ()
    few = check_counts([str(i) for i in range(12)], person[:-11], np.arange(133), curve)
    assert [(one.people, one.detail["count"], one.detail["more"]) for one in few if one.kind == "few-photos"] == [
        (("11",), 1, goal.known - 1)
    ]
    assert f"named rightly with {goal.known} known" in few[0].message


# What each file of the real folder is: what it is found as, of these kinds.
HARD_KINDS = {"unreadable", "no-face", "drawing", "several-faces", "poor-face"}
HARD = {
    "corrupt": {"broken.png": "unreadable", "truncated_jpeg.jpg": "no-face", "exif_typeerror.jpg": "no-face"}
    | {"invalid-exif.jpg": "no-face", "truncated_end_chunk.png": None},
    "exif_rotated": {f"Landscape_{i}.jpg": "no-face" for i in (0, 2, 4, 6, 8)}
    | {f"Portrait_{i}.jpg": "no-face" for i in (1, 3, 5, 7)}
    | {f"hopper_orientation_{i}.jpg": None for i in range(2, 9)},
    "formats": {"32bit.png": None, "clint.avif": None, "hopper.bmp": None, "hopper.iccprofile.tif": None}
    | {"hopper.jpg": None, "hopper.tif": None, "hopper_16bit.pgm": None, "hopper_16bit_qtables.jpg": None}
    | {"pil_sample_cmyk.jpg": "drawing", "transparent.png": "drawing"},
    "grayscale": {"1.pgm": None},
    "group": dict.fromkeys(
        ("avengers1.jpg", "bbt1.jpg", "bbt3.jpg", "bbt5.jpg", "faces.jpg", "group 2.jpg", "two_people.jpg"),
        "several-faces",
    ),
    "nonface": dict.fromkeys(("Landscape_1.jpg", "cat_large.jpg", "cats.jpg", "white.png"), "no-face"),
    "partial": {"obama_partial_face.jpg": "poor-face"},
}


@pytest.mark.photos
def test_every_hard_file_is_classed_rightly(photos_folder: Path) -> None:
    root = photos_folder / "hard"
    findings = check_photos(root).findings
    found: dict[str, set[str]] = {
        path.relative_to(root).as_posix(): set() for path in root.rglob("*") if path.is_file()
    }
    for one in findings:
        for path in one.photos if one.kind in HARD_KINDS else ():
            found[path.relative_to(root).as_posix()].add(one.kind)
    expected = {f"{folder}/{file}": {kind} - {None} for folder, files in HARD.items() for file, kind in files.items()}
    assert found == expected
    message = next(one.message for one in findings if one.kind == "poor-face")
    assert message == "the face is half hidden"
    # One woman in sixteen formats and turned every way is one picture.
    hopper = next(one for one in findings if one.kind == "two-names" and len(one.photos) > 10)
    assert sorted(hopper.people) == ["corrupt", "exif_rotated", "formats"]


@pytest.mark.photos
def test_covered_faces_are_told_from_others(photos_folder: Path) -> None:
    seen = [
        find_faces(read_photo(path), template=CLOSER) for path in sorted(photos_folder.glob("lfw/[V-Z]*/*.jpg"))[:60]
    ]
    crops = [faces[0].pixels for faces in seen if faces and not faces[0].quality.problem]
    assert len(crops) > 40
    assert sum(map(looks_covered, crops)) <= 1
    for crop in crops:
        crop[78:140, 20:130] = (150, 190, 215)  # a mask
    assert sum(map(looks_covered, crops)) > 0.9 * len(crops)
    assert not np.isnan(count_edges(np.zeros((150, 150, 3), np.uint8))).any()


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr("sys.argv", ["castlist", "check", *map(str, words)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return int(stopped.value.code or 0)


def test_the_verb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    first = save_noise(tmp_path / "cast" / "Ann" / "1.png", 1, (200, 150))
    shutil.copy(first, tmp_path / "cast" / "Ann" / "2.png")
    assert run(monkeypatch, tmp_path / "cast") == 0
    out, err = capsys.readouterr()
    assert any(line.split()[:2] == ["medium", "copy"] for line in out.splitlines())
    assert "nothing found" in err
    assert run(monkeypatch, tmp_path / "cast", "--fail-on", "high") == 0
    assert run(monkeypatch, tmp_path / "cast", "--fail-on", "medium") == 1
    capsys.readouterr()
    assert run(monkeypatch, tmp_path / "cast", "--json") == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {("medium", "copy"), ("medium", "no-face")} <= {(one["severity"], one["kind"]) for one in records}
    assert run(monkeypatch, tmp_path / "cast", "--fail-on", "awful") == 2
    assert "Choose from: high, medium, low" in capsys.readouterr().err


def test_every_kind_has_a_severity() -> None:
    assert set(checks.KINDS.values()) == {*checks.severities_from("low")}


def test_copies_of_which_only_some_are_believed_are_judged_all_the_same() -> None:
    embeddings, person = draw_people(5, 6)
    group = np.arange(30)
    person[24:27] = group[24:27] = 0  # crops of one photo around somebody else, whom the folder holds three times
    keep = [0, *range(6, 27)]
    judged = judge_names(embeddings[keep], person[keep], group[keep], default_background())
    assert judged.right[0] < 0.5 and (judged.right[1:] > 0.9).all()

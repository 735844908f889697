"""Naming answers as evaluation did, streams, and never stops at a bad file."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import pickle
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from castlist.errors import PhotoError, RunError, ShapeError
from castlist.faces import RELATIVE_MIN_FACE, Box, Face, Template
from castlist.gallery import Answers, Gallery
from castlist.media import find_photos, read_photo
from castlist.naming import Recognizer, Seen, Sight
from castlist.naming.answers import describe_answers, describe_photos
from castlist.naming.classifier import Network, answers_of
from castlist.naming.eyes import AHEAD, BATCH
from castlist.people import enrol_by
from castlist.run import Run, RunFolder, open_run
from castlist.testing import LOOKS, draw_picture, embedding_of, level_of, make_run, save_picture, tell_faces
from castlist.threads import count_cores


def test_naming_answers_as_the_evaluation_did(drawn_run: Path, drawn_photos: Path) -> None:
    from castlist.learning.evaluation import read_evaluation

    evaluation = read_evaluation(open_run(drawn_run))
    answers = list(Recognizer.load(drawn_run).name_photos([drawn_photos / file for file in evaluation.files]))
    for row, photo in zip(evaluation.probabilities, answers, strict=True):
        (face,) = photo.faces
        ranked = dict([(face.name, face.probability), *face.others])
        np.testing.assert_allclose([ranked[person] for person in evaluation.people], row[:-1], atol=1e-4)
        assert face.name == evaluation.people[row.argmax()]


def test_one_bad_photo_stops_nothing(drawn_run: Path, drawn_photos: Path, tmp_path: Path) -> None:
    paths = find_photos([drawn_photos])
    (tmp_path / "bad.jpg").write_text("no photo")
    many = [*paths, tmp_path / "bad.jpg", *paths, tmp_path / "none.jpg"]
    answers = list(Recognizer.load(drawn_run).name_photos(many))
    assert [photo.path for photo in answers] == many
    assert [photo.problem is None for photo in answers] == [path.parent != tmp_path for path in many]
    assert [photo.faces for photo in answers[: len(paths)]] == [photo.faces for photo in answers[len(paths) + 1 : -1]]


def test_pixels_are_named_like_their_file(drawn_run: Path, drawn_photos: Path) -> None:
    recognizer = Recognizer.load(drawn_run)
    path = find_photos([drawn_photos])[0]
    (photo,) = recognizer.name_photos([path])
    assert recognizer.name_pixels([read_photo(path)]) == [photo.faces]
    assert recognizer.name_pixels([]) == []


def test_the_order_of_people_lives_in_the_run(drawn_run: Path, drawn_photos: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(drawn_run, tmp_path / "moved")  # no photo folder beside it, nothing but the run
    path = find_photos([drawn_photos])[0]
    (here,), (there,) = (Recognizer.load(run).name_photos([path]) for run in (drawn_run, moved))
    assert here.faces == there.faces


def test_runs_that_can_t_name(drawn_run: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(drawn_run, tmp_path / "broken")
    (broken / "model.onnx").write_bytes(b"nonsense")
    with pytest.raises(RunError, match="isn't what was learnt"):
        Recognizer.load(broken)
    dataclasses.replace(open_run(broken), complete=False).save()
    with pytest.raises(RunError, match="isn't finished"):
        Recognizer.load(broken)


def test_the_network_refuses_other_shapes(drawn_run: Path) -> None:
    network = Network(drawn_run / "model.onnx")
    for photos in (np.zeros((1, 47, 48, 3), np.uint8), np.zeros((1, 48, 48, 3), np.float32)):
        with pytest.raises(ShapeError, match="must be uint8 of shape"):
            network.probabilities(photos)
    assert network.probabilities(np.zeros((0, 48, 48, 3), np.uint8)).shape == (0, 2)


class FakeNetwork:
    """Of two people; the brighter a photo, or the last of a sequence, the more it is the second."""

    image_size = 8

    def __init__(self, frames: int | None) -> None:
        self.frames = frames

    as_sequence = Network.as_sequence

    def probabilities(self, photos: np.ndarray) -> np.ndarray:
        self.seen = photos
        second = (photos[:, -1] if self.frames else photos).mean(axis=(1, 2, 3)) / 255
        return np.stack([1 - second, second], axis=1).astype(np.float32)


def looks_at(levels: list[int]) -> Seen:
    """One photo with faces of these brightnesses."""
    squares = np.stack([np.full((8, 8, 3), level, np.uint8) for level in levels])
    return Seen.of_photos(1, photo=np.zeros(len(levels)), squares=squares, embeddings=np.eye(len(levels), 4))


def classifier(frames: int | None, gains: list[float]) -> tuple[FakeNetwork, Recognizer]:
    """Its gallery says how far the first person is above the threshold."""
    scores = np.stack([gains, [-1.0] * len(gains)], axis=1)
    unknown = np.tile(np.float32([0.5, 0.3, 0.2]), (len(gains), 1))
    named = np.where(scores.max(axis=1) > 0, 0, -1)
    gallery = SimpleNamespace(answer=lambda _: Answers(("a", "b"), unknown, scores, named))
    run = SimpleNamespace(people=("a", "b"), path="run", settings=SimpleNamespace(model="cnn"))
    network = FakeNetwork(frames)
    return network, Recognizer(run, network=network, gallery=gallery)


def track(frames: int | None, levels: list[int], gains: list[float]) -> tuple[FakeNetwork, Answers]:
    network, recognizer = classifier(frames, gains)
    return network, recognizer.answer_tracks(looks_at(levels))


def test_a_track_is_read_in_order_by_a_model_of_sequences() -> None:
    network, answers = track(3, [10, 20, 30, 40, 250], [1.0] * 5)
    assert network.seen[:, :, 0, 0, 0].tolist() == [[10, 30, 250]]
    assert answers.named.tolist() == [1]
    np.testing.assert_allclose(answers.probabilities.sum(axis=1), 1, atol=1e-6)
    network, _ = track(3, [10, 20], [1.0] * 2)
    assert network.seen[:, :, 0, 0, 0].tolist() == [[10, 10, 20]]


def test_a_track_s_answers_are_averaged_by_any_other() -> None:
    network, answers = track(None, [10, 20, 250], [1.0] * 3)
    assert network.seen.shape == (3, 8, 8, 3)
    assert answers.named.tolist() == [0]
    assert answers.probabilities[0, 1] == pytest.approx(0.8 * (10 + 20 + 250) / 3 / 255, rel=1e-4)


def test_a_stranger_s_track_gets_no_name() -> None:
    for frames in (None, 3):
        _, answers = track(frames, [10, 20, 250], [-1.0, -1.0, 0.5])
        assert answers.named.tolist() == [-1]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return make_run(tmp_path / "run", ("a", "b"))


@pytest.fixture
def by_level(run: Run) -> Recognizer:
    """Knows a and b; of a run folder that others may change."""
    return Recognizer.load(run.path, finder=tell_faces)


def level_photos(folder: Path) -> list[Path]:
    """Three photos: of a and b, one that can't be read, and of b and b."""
    paths = [folder / f"{i}.png" for i in range(3)]
    save_picture(paths[0], [level_of(0), level_of(1)])
    paths[1].write_text("no photo")
    save_picture(paths[2], [level_of(1), level_of(1)])
    return paths


def test_a_run_is_followed_wherever_the_program_goes(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    photo = save_picture(tmp_path / "c.png", [level_of(2)])
    monkeypatch.chdir(tmp_path)
    recognizer = Recognizer.load("run", finder=tell_faces)
    monkeypatch.chdir("elsewhere")
    enrol_by(recognizer, "c", [photo])
    assert recognizer.run.people == open_run(run.path).people == ("a", "b", "c")
    (named,) = recognizer.name_photos([photo])
    assert [face.name for face in named.faces] == ["c"]


def test_an_album_is_named_with_its_photos_help(tmp_path: Path, by_level: Recognizer) -> None:
    paths = level_photos(tmp_path)
    counts: list[tuple[int, int]] = []
    album = by_level.name_album(paths, on_count=lambda *count: counts.append(count))
    assert [photo.path for photo in album] == paths
    assert [[face.name for face in photo.faces] for photo in album] == [["a", "b"], [], ["b", "unknown"]]
    assert album[1].problem and not album[0].problem
    assert counts == [(1, 3), (2, 3), (3, 3)]
    assert [face.name for face in by_level.name_album(paths, repeat=True)[2].faces] == ["b", "b"]
    seen = np.stack([embedding_of(level_of(person)) for person in (0, 1, 1, 1)])
    expected = by_level.gallery.answer_together(seen).probabilities.max(axis=1)
    named = [face.probability for photo in by_level.name_album(paths, repeat=True) for face in photo.faces]
    np.testing.assert_allclose(named, expected, rtol=1e-6)
    assert len(by_level.gallery.photos) == 2 * LOOKS
    assert by_level.name_album([]) == []


def test_only_the_model_face_names_albums(drawn_run: Path) -> None:
    with pytest.raises(RunError, match="of the model cnn: name its photos each for itself"):
        Recognizer.load(drawn_run).name_album([])
    _, recognizer = classifier(None, [1.0])
    with pytest.raises(RunError, match="of the model cnn: name its photos each for itself"):
        recognizer.name(looks_at([10]), together=True)


def test_a_run_on_whole_photos_knows_no_faces(drawn_run: Path, drawn_photos: Path) -> None:
    recognizer = Recognizer.load(drawn_run)
    pixels = read_photo(find_photos([drawn_photos])[0])
    (seen,) = recognizer.eyes.see([pixels])
    for ask in (lambda: recognizer.face_eyes, lambda: recognizer.answer_tracks(seen)):
        with pytest.raises(RunError, match="learnt from whole photos; it knows no faces"):
            ask()
    with pytest.raises(RunError, match="of the model cnn: name its photos each for itself"):
        recognizer.name(seen, together=True)
    with pytest.raises(PhotoError, match="for pixels there is name_pixels"):
        list(recognizer.name_photos(iter([pixels])))


def test_a_stream_is_taken_as_far_as_it_is_asked_for(tmp_path: Path, by_level: Recognizer) -> None:
    photo, _, _ = level_photos(tmp_path)
    taken = []

    def endless() -> Iterator[Path]:
        while True:
            taken.append(photo)
            yield photo

    answers = list(itertools.islice(by_level.name_photos(endless()), 5))
    assert [[face.name for face in answer.faces] for answer in answers] == [["a", "b"]] * 5
    assert len(taken) <= 2 * BATCH + AHEAD + 1


def test_a_stream_is_stopped(tmp_path: Path, by_level: Recognizer) -> None:
    photo, _, _ = level_photos(tmp_path)
    counts: list[tuple[int, int]] = []
    answers = by_level.name_photos(
        itertools.repeat(photo), stop=lambda: len(counts) >= 40, on_count=lambda *count: counts.append(count)
    )
    assert 40 <= len(list(answers)) == len(counts) <= 40 + AHEAD + 1
    assert counts[-1][1] == 0, "a stream doesn't say how many there are"


@pytest.mark.parametrize("n_threads", [1, 2, None])
def test_no_more_threads_work_than_are_asked_for(tmp_path: Path, run: Run, n_threads: int | None) -> None:
    working, most, lock = 0, 0, threading.Lock()

    def find(pixels: np.ndarray, **_: object) -> list[Face]:
        nonlocal working, most
        with lock:
            working += 1
            most = max(most, working)
        time.sleep(0.002)
        with lock:
            working -= 1
        return tell_faces(pixels)

    photo, _, _ = level_photos(tmp_path)
    recognizer = Recognizer.load(run.path, finder=find)
    for name in (recognizer.name_photos, recognizer.name_album):
        most = 0
        assert len(list(name([photo] * 40, n_threads=n_threads))) == 40
        assert most <= (n_threads or count_cores())
        assert n_threads != 2 or count_cores() < 2 or most == 2


def test_all_ways_to_name_keep_to_what_is_wished(tmp_path: Path, run: Run) -> None:
    wanted: list[float | None] = []

    def find(pixels: np.ndarray, *, min_face: float | None, template: Template) -> list[Face]:
        wanted.append(min_face)
        return tell_faces(pixels)

    loaded = Recognizer.load(run.path, finder=find)
    recognizer = Recognizer(loaded.run, face_network=loaded.face_network, gallery=loaded.gallery, finder=find)
    path = level_photos(tmp_path)[2]
    seen = Seen.merge(recognizer.eyes.see([path]))
    assert [len(recognizer.name(seen, repeat=True, best=best)[0][0].others) for best in (0, 1)] == [0, 1]
    for wishes, names in (({}, ["b", "unknown"]), ({"repeat": True}, ["b", "b"])):
        (photo,) = recognizer.name_photos([path], **wishes)
        for faces in (
            photo.faces,
            recognizer.name(seen, **wishes)[0],
            recognizer.name_pixels([read_photo(path)], **wishes)[0],
        ):
            assert [face.name for face in faces] == names
    assert {*wanted} == {None}
    wanted.clear()
    assert len([*recognizer.name_photos([path], thorough=True), *recognizer.name_album([path], thorough=True)]) == 2
    assert wanted == [20, 20]
    assert len(recognizer.name_album([path] * 40, stop=lambda: len(wanted) >= 3)) == len(wanted) - 2 < 40


def test_whatever_happens_in_one_photo_is_its_answer(tmp_path: Path, run: Run) -> None:
    def find(pixels: np.ndarray, **_: object) -> list[Face]:
        if pixels[0, 0, 0] == level_of(1):
            raise ZeroDivisionError("by nought")
        return tell_faces(pixels)

    first, broken, odd = level_photos(tmp_path)
    photos = [str(first), odd, broken, first.read_bytes(), np.zeros((0, 3, 3), np.uint8), "\0"]
    seen = Seen.merge(Recognizer.load(run.path, finder=find).eyes.see(photos))
    assert [problem and problem.code for problem in seen.problems] == [
        None,
        "photo-unforeseen",
        "photo-format",
        None,
        "pixels-shape",
        "photo-unopened",
    ]
    assert seen.counts.tolist() == [2, 0, 0, 2, 0, 0]
    assert seen.paths == (first, odd, broken, None, None, Path("\0"))
    assert seen.digests[0] == seen.digests[3] == hashlib.sha256(first.read_bytes()).hexdigest()
    assert seen.digests[1:3] == tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in (odd, broken))
    assert seen.digests[5] == ""
    assert seen.sizes.tolist() == [[200, 100], [0, 0], [0, 0], [200, 100], [0, 0], [0, 0]]

    def fill_the_memory(pixels: np.ndarray, **_: object) -> list[Face]:
        raise MemoryError

    with pytest.raises(MemoryError):
        list(Recognizer.load(run.path, finder=fill_the_memory).name_photos([first]))


def test_a_record_holds_what_was_found_and_whose_eyes_found_it(run: Run, drawn_run: Path) -> None:
    asked: list[float | None] = []

    def find(pixels: np.ndarray, *, min_face: float | None = None, **wishes: object) -> list[Face]:
        asked.append(min_face)
        return tell_faces(pixels, **wishes)

    pixels = draw_picture([level_of(0), level_of(1)])
    recognizer = Recognizer.load(run.path, finder=find)
    (seen,) = recognizer.eyes.see([pixels])
    faces = tell_faces(pixels)
    assert [seen.box(i) for i in range(2)] == [face.box for face in faces]
    assert [seen.quality(i).eye_distance for i in range(2)] == [face.quality.eye_distance for face in faces]
    assert np.array_equal(seen.landmarks, [face.landmarks for face in faces])
    assert np.allclose(seen.confidences, [face.confidence for face in faces])
    assert seen.eyes == f"{recognizer.face_network.digest}/plain" and seen.sizes.tolist() == [[200, 100]]
    (thorough,) = recognizer.eyes.see([np.tile(pixels, (12, 12, 1))], thorough=True)
    assert asked == [None, RELATIVE_MIN_FACE / 2 * 1200]
    (others,) = recognizer.eyes.see([pixels.reshape(200, 100, 3), pixels[:, ::-1]])
    assert len({*seen.digests, *others.digests, *thorough.digests}) == 4
    odd = [pixels[0], pixels[:, :, :2], pixels.astype(float), pixels[:0]]
    assert [problem and problem.code for problem in Seen.merge(recognizer.eyes.see(odd)).problems] == [
        "pixels-shape"
    ] * 4
    known = recognizer.face_eyes.keep([Sight(None, faces=faces)], [None, np.ones(16, np.float32)])
    assert np.array_equal(known.embeddings, [seen.embeddings[0], np.ones(16)])
    with pytest.raises(RunError, match="looked at with another face network"):
        recognizer.name(dataclasses.replace(seen, eyes="others"))
    assert recognizer.name(dataclasses.replace(seen, eyes="")) == recognizer.name(seen)
    (whole,) = Recognizer.load(drawn_run).eyes.see([pixels])
    assert whole.box(0) == Box(0, 0, 200, 100)


def test_nobody_looks_twice(tmp_path: Path, run: Run) -> None:
    looked = []
    by_level = Recognizer.load(run.path, finder=lambda pixels, **_: looked.append(1) or tell_faces(pixels))
    photo, _, _ = level_photos(tmp_path)
    seen = Seen.merge(by_level.eyes.see([photo]))
    assert by_level.name(seen) == [next(by_level.name_photos([photo])).faces]
    assert by_level.name(seen, together=True, repeat=True)[0][0].name == "a"
    assert len(looked) == 2


def save_run(folder: Path, gallery: Gallery, **changes: object) -> None:
    """Change a run folder behind the back of who holds it."""
    run = dataclasses.replace(open_run(folder), people=gallery.people, **changes)
    run.gallery_path.write_bytes(gallery.to_bytes())
    run.save()


def test_who_is_forgotten_is_named_no_more_and_who_is_enrolled_is(tmp_path: Path, by_level: Recognizer) -> None:
    photo, _, _ = level_photos(tmp_path)
    gallery = by_level.gallery
    answers = by_level.name_photos([photo] * (3 * BATCH))
    assert [face.name for face in next(answers).faces] == ["a", "b"]
    save_run(tmp_path / "run", gallery.forget("a"))
    later = [[face.name for face in answer.faces] for answer in answers]
    assert later[-1] == ["unknown", "b"], "also in a stream that had begun before"
    assert by_level.run.people == by_level.gallery.people == ("b",)
    save_run(tmp_path / "run", gallery.enrol("c", embedding_of(level_of(2))[None], ["3.jpg"]))
    assert by_level.run.people == ("a", "b", "c")


def test_a_network_that_has_not_changed_is_not_opened_again(tmp_path: Path, run: Run) -> None:
    digest = hashlib.sha256(run.face_network_path.read_bytes()).hexdigest()
    dataclasses.replace(run, files={run.face_network_path.name: digest}).save()
    recognizer = Recognizer.load(run.path)
    before = recognizer.face_network
    save_run(run.path, recognizer.gallery.forget("a"))
    assert recognizer.run.people == ("b",)
    assert recognizer.face_network is before


def test_a_batch_costs_one_look_at_the_stamp(
    tmp_path: Path, by_level: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, _, _ = level_photos(tmp_path)
    stamps, stamp = [], RunFolder.stamp
    monkeypatch.setattr(RunFolder, "stamp", lambda folder: stamps.append(folder) or stamp(folder))
    assert len(list(by_level.name_photos([photo] * (4 * BATCH)))) == 4 * BATCH
    assert len(stamps) <= 5


def test_a_run_that_is_gone_or_trained_anew_is_one_sentence(tmp_path: Path, by_level: Recognizer) -> None:
    photo, _, _ = level_photos(tmp_path)
    answers = by_level.name_photos([photo] * (3 * BATCH))
    next(answers)
    save_run(tmp_path / "run", by_level.gallery, created="2030-01-01T00:00:00+00:00")
    with pytest.raises(RunError, match="was trained anew meanwhile"):
        list(answers)
    assert by_level.name_pixels([read_photo(photo)])[0][0].name == "a"
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(RunError, match="is gone"):
        by_level.name_pixels([read_photo(photo)])


def test_threads_that_name_while_the_run_changes_see_one_generation_each(tmp_path: Path, by_level: Recognizer) -> None:
    photo, _, _ = level_photos(tmp_path)
    seen = Seen.merge(by_level.eyes.see([photo]))
    both, alone = by_level.gallery, by_level.gallery.forget("a")
    done = threading.Event()
    names: set[tuple[str, ...]] = set()
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            while not done.is_set():
                names.add(tuple(face.name for face in by_level.name(seen)[0]))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for gallery in [alone, both] * 5:
        # Both files in one go: half a change is the run owner's to prevent.
        shutil.copytree(tmp_path / "run", tmp_path / "next", dirs_exist_ok=True)
        save_run(tmp_path / "next", gallery)
        (tmp_path / "next" / "gallery.npz").replace(tmp_path / "run" / "gallery.npz")
        (tmp_path / "next" / "run.json").replace(tmp_path / "run" / "run.json")
    done.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert names <= {("a", "b"), ("unknown", "b")}


def test_only_the_best_are_told_and_all_who_may_want_to_be_hidden() -> None:
    shares = np.full((1, 101), 0.2 / 92, np.float32)
    shares[0, [3, 7, 9]] = 0.2, 0.2, 0.1
    shares[0, 20:26] = 0.05
    people = tuple(f"p{i}" for i in range(100))
    (face,) = describe_answers(Answers(people, shares, np.zeros((1, 100), np.float32), np.array([7])))
    assert (face.name, face.probability) == ("p7", pytest.approx(0.2))
    assert [name for name, _ in face.others] == ["p3", "p9", *(f"p{i}" for i in range(20, 26))]
    (face,) = describe_answers(Answers(people, np.full((1, 101), 1 / 101, np.float32), shares[:, :-1], np.array([-1])))
    assert (face.name, len(face.others)) == ("unknown", 5)
    (face,) = describe_answers(Answers(people, shares, np.zeros((1, 100), np.float32), np.array([7])), best=60)
    assert len(face.others) == 60


def answers_like(*rows: tuple[float, float, float], gains: float = -1) -> Answers:
    """Faces of nobody, each so probably Ann, Bo or unknown."""
    shares = np.array(rows, np.float32)
    return Answers(("Ann", "Bo"), shares, np.full((len(rows), 2), gains, np.float32), np.full(len(rows), -1))


@pytest.mark.parametrize(
    ("row", "gains", "perhaps"),
    [
        ((0.71, 0, 0.29), -1, "Ann"),
        ((0.71, 0, 0.29), 0, "Ann"),
        ((0.4, 0.1, 0.5), -1, None),
        ((0.71, 0, 0.29), 1, None),
    ],
    ids=["below the threshold", "at it", "nobody is likelier", "above the threshold: the name is another face's"],
)
def test_a_face_below_the_threshold_is_perhaps_somebody(
    row: tuple[float, float, float], gains: float, perhaps: str | None
) -> None:
    (face,) = describe_answers(answers_like(row, gains=gains))
    assert (face.name, face.probability, face.perhaps) == ("unknown", pytest.approx(row[2]), perhaps)
    assert face.perhaps_probability == (pytest.approx(0.71) if perhaps else None)
    assert all(probability > 0 for _, probability in face.others)


def test_whoever_is_named_is_not_perhaps_somebody_else_and_has_no_problem() -> None:
    answers = answers_like((0.3, 0.6, 0.1), (0.3, 0.6, 0.1))
    answers.named[0] = 0
    qualities = np.zeros((2, 3))  # far too small
    seen = Seen.of_photos(1, photo=np.zeros(2), embeddings=np.eye(2), boxes=np.eye(2, 4), qualities=qualities)
    ((named, unknown),) = describe_photos(answers, seen, repeat=True, best=1)
    assert (named.name, named.perhaps, named.problem) == ("Ann", None, None)
    assert (unknown.name, unknown.perhaps) == ("unknown", "Bo")
    assert unknown.problem
    assert [face.box for face in (named, unknown)] == [Box(1, 0, 0, 0), Box(0, 1, 0, 0)]
    ((named, _),) = describe_photos(answers_like((0.3, 0.01, 0.69), (0, 0, 1)), seen, best=1)
    assert [name for name, _ in named.others] == ["Ann"]


def test_nobody_is_perhaps_who_is_named_beside() -> None:
    answers = answers_like((0.71, 0, 0.29), (0.1, 0.6, 0.3), (0.99, 0, 0.01))
    answers.gains[2, 0] = 3
    seen = Seen.of_photos(2, photo=np.array([0, 0, 0]), embeddings=np.eye(3), boxes=np.zeros((3, 4)))
    alone, _ = describe_photos(answers, seen)
    assert [(face.name, face.perhaps) for face in alone] == [("unknown", None), ("unknown", "Bo"), ("Ann", None)]
    answers.named[2] = 0
    repeated, _ = describe_photos(answers, seen, repeat=True)
    assert [face.perhaps for face in repeated] == ["Ann", "Bo", None]


@pytest.mark.parametrize(
    ("shape", "people", "code"),
    [
        (["n", "h", "w", 3], 2, "network-input"),
        (["n", 8, 9, 3], 2, "network-input"),
        (["n", 3, 8, 8], 2, "network-input"),
        (["n", "frames", 8, 8, 3], 2, "network-input"),
        (["n", 8, 8, 4], 2, "network-input"),
        (["n", 2, 4, 8, 8, 3], 2, "network-input"),
        (["n", 8, 8, 3], 3, "network-output"),
        (["n", 8, 8, 3], 2, None),
        (["n", 4, 8, 8, 3], 2, None),
    ],
)
def test_a_network_must_read_photos_of_one_size_and_know_its_people(
    tmp_path: Path, shape: list[int | str], people: int, code: str | None
) -> None:
    helper = pytest.importorskip("onnx").helper
    sizes = [side if isinstance(side, int) else 1 for side in shape[1:]]
    nodes = [
        helper.make_node("Reshape", ["photos", "flat"], ["rows"]),
        helper.make_node("Slice", ["rows", "begin", "end", "axis"], ["two"]),
        helper.make_node("Softmax", ["two"], ["answers"], axis=1),
    ]
    weights = [
        helper.make_tensor(name, 7, [len(values)], values)
        for name, values in (("flat", [-1, int(np.prod(sizes))]), ("begin", [0]), ("end", [2]), ("axis", [1]))
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("photos", 1, shape)],
        [helper.make_tensor_value_info("answers", 1, ["n", 2])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    if code is None:
        network = Network(tmp_path / "model.onnx", n_people=people)
        assert (network.image_size, network.frames) == (8, 4 if len(shape) == 5 else None)
        photos = np.random.default_rng(0).integers(0, 3, (5, 8, 8, 3), np.uint8)
        answers = answers_of("ab", network.probabilities(photos))
        assert answers.probabilities.shape == (5, 3) and answers.probabilities.dtype == np.float32
        first = photos[:, 0, 0, :2].astype(int)  # what the network goes by
        assert answers.named.tolist() == first.argmax(axis=1).tolist() and len(set(answers.named.tolist())) == 2
        read = np.repeat(photos[:, None], 4, axis=1) if network.frames else photos
        assert np.array_equal(network.probabilities(read, batch_size=2), answers.probabilities[:, :2])
        assert network.probabilities(photos[:0]).shape == (0, 2)
        for wrong in (photos[:, :7], photos[:, 0]):
            with pytest.raises(ShapeError):
                network.probabilities(wrong)
        return
    with pytest.raises(RunError) as refused:
        Network(str(tmp_path / "model.onnx"), n_people=people)
    assert refused.value.code == code


def test_nobody_is_named_twice_in_any_of_many_photos() -> None:
    rng = np.random.default_rng(0)
    photo = np.sort(rng.integers(0, 40, 120))
    gains = rng.normal(size=(120, 5)).astype(np.float32)
    answers = Answers(tuple("abcde"), np.full((120, 6), 1 / 6, np.float32), gains, np.zeros(120, np.int64))
    photos = describe_photos(answers, Seen.of_photos(40, photo=photo, embeddings=np.zeros((120, 4), np.float32)))
    assert [len(faces) for faces in photos] == np.bincount(photo, minlength=40).tolist()
    for i, faces in enumerate(photos):
        named = answers[photo == i].once_each().named.tolist() if len(faces) else []
        assert [face.name for face in faces] == ["abcde"[person] if person >= 0 else "unknown" for person in named]


def test_a_recognizer_in_another_process_opens_its_folder_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path / "run", ["Ann", "Bo"])
    photo = save_picture(tmp_path / "1.png", [level_of(0), level_of(1)])
    monkeypatch.chdir(tmp_path)
    told = pickle.dumps(Recognizer.load("run", finder=tell_faces))
    assert len(told) < 1000  # the place alone: no network, no embedding
    monkeypatch.chdir("/")
    (named,) = pickle.loads(told).name_photos([photo])  # noqa: S301
    assert [face.name for face in named.faces] == ["Ann", "Bo"]

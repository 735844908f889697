from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from castlist.embeddings import FaceNetwork
from castlist.errors import CastlistError, PhotoError, RunError
from castlist.faces import DEFAULT_TEMPLATE, Box, Face, Quality, Template
from castlist.gallery import Answers
from castlist.media import Film, FilmWriter, is_film
from castlist.naming import FaceEyes, NamedFace, NamedFilm, Recognizer, Sight, Track, clock, find_again, name_film
from castlist.naming.films import following
from castlist.naming.films.following import HIDING_START, is_beside, name_apart
from castlist.naming.films.records import join_tracks
from castlist.naming.films.tracking import SURE, Look, Tracker, Trail, fill_boxes
from castlist.painting import write_film
from castlist.painting.films import hidden_box
from castlist.settings import Settings
from castlist.testing import TILE, level_of, make_face, make_run, tell_faces

RATE = 20.0
NOBODY_THERE = SimpleNamespace(  # a recognizer for films without faces
    run=SimpleNamespace(path=Path("run"), people=("Ann",), settings=Settings()),
    face_network=SimpleNamespace(template=DEFAULT_TEMPLATE),
    face_eyes=FaceEyes(SimpleNamespace(template=DEFAULT_TEMPLATE)),
    gallery=SimpleNamespace(background=SimpleNamespace(mean=np.zeros(4))),
)


def write_frames(path: Path, frames: Sequence[np.ndarray]) -> Path:
    with FilmWriter(path, RATE, frames[0].shape[1::-1]) as film:
        for pixels in frames:
            film.write(pixels)
    return path


def red_then_blue(n: int = 12) -> list[np.ndarray]:
    """Frames of 96 x 64 pixels, red on the left and blue on the right, brighter from one to the next."""
    frames = []
    for i in range(n):
        pixels = np.zeros((64, 96, 3), np.uint8)
        pixels[:, :48, 0] = pixels[:, 48:, 2] = 120 + 8 * i
        frames.append(pixels)
    return frames


def textured(n: int, size: tuple[int, int] = (200, 300)) -> list[np.ndarray]:
    """Frames alike, full of edges."""
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]]
    checks = np.uint8(60 + 130 * ((rows // 4 + columns // 4) % 2))
    return [np.repeat(checks[..., None], 3, axis=2)] * n


def test_a_film_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = write_frames(tmp_path / "new" / "film.mp4", red_then_blue())
    assert [file.name for file in path.parent.iterdir()] == ["film.mp4"], "nothing is left beside it"
    film = Film.open(path)
    frames = list(film.frames())
    assert (film.rate, film.n_frames, len(frames)) == (RATE, 12, 12)
    assert [frame.index for frame in frames] == list(range(12))
    assert np.allclose([frame.seconds for frame in frames], np.arange(12) / RATE, atol=1e-3)
    left, right = frames[3].pixels[32, 20].astype(int), frames[3].pixels[32, 76].astype(int)
    assert left[0] > left[2] + 80, "red, green, blue: in this order"
    assert right[2] > right[0] + 80


def test_a_phone_film_is_read_upright(tmp_path: Path) -> None:
    path = write_frames(tmp_path / "film.mp4", red_then_blue())
    data = path.read_bytes()
    upright = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    assert data.count(upright) >= 2, "of the film and of its track"
    turned = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 64 << 16, 0, 0x40000000)  # 90 degrees clockwise
    at = data.rindex(upright)
    path.write_bytes(data[:at] + turned + data[at + len(turned) :])
    frame = next(Film.open(path).frames())
    assert frame.pixels.shape == (96, 64, 3)
    assert frame.pixels[20, 32, 0] > frame.pixels[20, 32, 2] + 60, "what was left is above"


def test_a_time_is_written_as_players_show_it() -> None:
    assert [clock(61.26), clock(3600)] == ["1:01.3", "1:00:00.0"]


def test_films_are_told_by_their_content(tmp_path: Path) -> None:
    film = write_frames(tmp_path / "film.mp4", red_then_blue())
    writer = cv2.VideoWriter(str(tmp_path / "film.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 20, (96, 64))
    writer.write(red_then_blue()[0])
    writer.release()
    disguised = tmp_path / "photo.jpg"
    disguised.write_bytes(film.read_bytes())
    photo = tmp_path / "photo.mp4"
    cv2.imwrite(str(tmp_path / "photo.png"), red_then_blue()[0])
    photo.write_bytes((tmp_path / "photo.png").read_bytes())
    playlist = tmp_path / "list.m3u8"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/film.ts\n")
    assert [is_film(path) for path in (film, tmp_path / "film.avi", disguised)] == [True] * 3
    assert [is_film(path) for path in (photo, playlist, tmp_path / "none.mp4", tmp_path)] == [False] * 4
    assert next(Film.open(disguised).frames()).pixels.shape == (64, 96, 3)
    with pytest.raises(PhotoError, match="not a film of a known format"):
        Film.open(playlist)


def test_a_damaged_film_is_one_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_frames(tmp_path / "film.mp4", red_then_blue())
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(PhotoError, match="damaged, cut short"):
        name_film(path, NOBODY_THERE)
    assert capfd.readouterr() == ("", ""), "FFmpeg says nothing beside it"


def test_a_film_that_is_cut_short_is_named_as_far_as_it_goes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (30, 64, 96, 3)).astype(np.uint8)
    writer = cv2.VideoWriter(str(tmp_path / "film.avi"), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (96, 64))
    for pixels in noise:
        writer.write(pixels)
    writer.release()
    whole = name_film(tmp_path / "film.avi", NOBODY_THERE)
    assert (whole.n_frames, whole.problem) == (30, None)
    data = (tmp_path / "film.avi").read_bytes()
    (tmp_path / "film.avi").write_bytes(data[: len(data) // 2])
    counts: list[tuple[int, int]] = []
    film = name_film(tmp_path / "film.avi", NOBODY_THERE, on_count=lambda done, total: counts.append((done, total)))
    assert 5 < film.n_frames < 25
    assert str(film.problem) == f"damaged or cut short after {film.n_frames} of 30 frames"
    assert counts == [(i + 1, 30) for i in range(film.n_frames)]
    assert film.tracks == film.sightings == ()
    assert capfd.readouterr() == ("", "")


def test_a_run_on_whole_photos_names_no_films(tmp_path: Path) -> None:
    whole = SimpleNamespace(run=NOBODY_THERE.run, face_network=None, gallery=None)
    with pytest.raises(RunError, match="learnt from whole photos"):
        name_film(write_frames(tmp_path / "film.mp4", red_then_blue()), whole)


def test_a_film_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"what was there before")
    with pytest.raises(ZeroDivisionError), FilmWriter(tmp_path / "film.mp4", RATE, (96, 64)) as film:
        film.write(red_then_blue()[0])
        _ = 1 / 0
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("film.mp4", b"what was there before")]
    with pytest.raises(CastlistError, match=r"must be saved as \.mp4"):
        FilmWriter(tmp_path / "film.avi", RATE, (96, 64))
    with pytest.raises(CastlistError, match="can't be written"):
        FilmWriter(tmp_path / "film.mp4" / "film.mp4", RATE, (96, 64))


def look(frame: int, x: float, person: int, *, y: float = 50, size: float = 40, confidence: float = 0.99) -> Look:
    vector = np.eye(4, dtype=np.float32)[person]
    box = Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2)
    face = Face(np.zeros((1, 1, 3), np.uint8), box, np.zeros((5, 2), np.float32), confidence, Quality(30, 0.1, 0))
    return Look(frame, frame / RATE, face, vector)


def follow(frames: Sequence[Sequence[Look]], cuts: Sequence[int] = ()) -> list[Trail]:
    tracker, ended = Tracker(), []
    for i, looks in enumerate(frames):
        ended += tracker.update(looks, i / RATE, is_cut=i in cuts)
    return sorted(ended + tracker.finish(), key=lambda trail: (trail.frames[0], trail.boxes[0]))


def test_two_faces_that_cross_are_not_mixed_up() -> None:
    frames = [[look(i, 100 + 6 * i, 0), look(i, 280 - 6 * i, 1)] for i in range(31)]
    first, second = follow([sorted(looks, key=lambda one: one.face.box.left) for looks in frames])
    assert first.frames == second.frames == list(range(31))
    assert first.boxes[-1][0] == 100 + 180 - 20
    assert second.boxes[-1][0] == 280 - 180 - 20


def test_two_faces_that_meet_and_turn_back_are_not_mixed_up() -> None:
    """Where they are would tell that they pass; thus who they are is looked at as long as they are near each other."""
    frames = []
    for i in range(31):
        step = 9 * min(i, 30 - i)
        both = [look(i, 100 + step, 0), look(i, 370 - step, 1)]
        faces = [one.face for one in both]
        frames.append([one if is_beside(one.face, faces) else replace(one, vector=None) for one in both])
    assert sum(one.vector is None for one in frames[0]) == 2
    first, second = follow(frames)
    assert (first.boxes[-1][0], second.boxes[-1][0]) == (100 - 20, 370 - 20)


def test_a_gap_is_bridged_and_a_long_one_is_not() -> None:
    (bridged,) = follow([[look(i, 100 + 3 * i, 0)] if not 10 <= i < 20 else [] for i in range(30)])
    assert len(bridged.frames) == 20
    assert len(follow([[look(i, 100, 0)] if not 10 <= i < 35 else [] for i in range(50)])) == 2


def test_somebody_else_in_the_same_place_is_another_face() -> None:
    assert len(follow([[look(i, 100, 0 if i < 10 else 1)] for i in range(20)])) == 2


def test_a_cut_ends_every_track() -> None:
    assert [trail.frames[0] for trail in follow([[look(i, 100, 0)] for i in range(20)], cuts=[8])] == [0, 8]


def test_a_weak_face_goes_on_with_a_track_but_begins_none() -> None:
    weak = [look(i, 100, 0, confidence=0.99 if i < 5 else 0.6) for i in range(10)]
    (trail,) = follow([[one] for one in weak])
    assert trail.frames == list(range(10))
    assert follow([[one] for one in weak[5:]]) == []


def test_a_face_within_a_face_is_the_same_face() -> None:
    (trail,) = follow([[look(i, 100, 0), look(i, 105, 2, size=16, confidence=0.9)] for i in range(10)])
    assert trail.boxes[0][2] == 120


def test_a_face_is_expected_where_it_moves_and_takes_one_look_of_a_frame() -> None:
    trail = Trail()
    for i in range(3):
        trail.add(look(i, 100 + 12 * i, 0, y=50 + 4 * i))
    assert trail.expected(3) == Box(104 + 9, 38 + 3, 144 + 9, 78 + 3)
    assert trail.expected(50) == Box(104 + 72, 38 + 24, 144 + 72, 78 + 24), "not out of all bounds"
    first, second = follow([[look(0, 100, 0)], [look(1, 101, 0), look(1, 131, 0)], [look(2, 102, 0), look(2, 132, 0)]])
    assert (first.frames, second.frames) == ([0, 1, 2], [1, 2])


def test_a_film_hides_the_faces_that_photos_hide() -> None:
    doubtful = [look(i, 100, 0, confidence=0.55) for i in range(3)]
    for start, trails in ((HIDING_START, 1), (SURE, 0)):
        tracker = Tracker(start)
        for one in doubtful:
            tracker.update([one], one.seconds)
        assert len(tracker.finish()) == trails


def test_the_looks_that_name_a_track_are_few_and_good() -> None:
    (trail,) = follow([[look(i, 100, 0, confidence=0.86 + 0.13 * (i % 10 == 3))] for i in range(400)])
    assert len(trail.best) == 6
    assert all(one.frame % 10 == 3 for one in trail.best)


def test_every_frame_of_a_track_has_a_box() -> None:
    boxes = fill_boxes([10, 14, 16], [(0, 0, 10, 10), (8, 0, 18, 10), (8, 4, 18, 14)], smoothing=0)
    assert boxes[:, 0].tolist() == [0, 2, 4, 6, 8, 8, 8]
    assert boxes[:, 3].tolist() == [10, 10, 10, 10, 10, 12, 14]
    jitter = np.random.default_rng(0).normal(0, 2, (60, 4)) + np.arange(60)[:, None]
    smooth = fill_boxes(range(60), jitter, smoothing=2)
    assert smooth.shape == (60, 4)
    assert np.abs(np.diff(smooth, axis=0) - 1).std() < 0.4 * np.abs(np.diff(jitter, axis=0) - 1).std()
    moving = np.arange(60)[:, None] * np.ones(4)
    assert np.allclose(fill_boxes(range(60), moving, smoothing=2), moving, atol=1e-4), "smooth motion stays as it is"
    assert fill_boxes([3], [(1, 2, 3, 4)], smoothing=2).tolist() == [[1, 2, 3, 4]]


def test_nobody_is_seen_twice_at_the_same_time() -> None:
    gains = np.array([[5.0, -1.0], [9.0, 2.0], [4.0, -3.0]], np.float32)
    answers = Answers(("Anna", "Ben"), np.full((3, 3), 1 / 3, np.float32), gains, np.zeros(3, np.int64))
    frames = [np.arange(0, 20), np.arange(10, 30), np.arange(30, 40)]
    assert name_apart(answers, frames).named.tolist() == [-1, 0, 0]
    assert name_apart(answers, [np.arange(5), np.arange(5, 9), np.arange(3, 7)]).named.tolist() == [0, 0, -1]


def track(
    name: str, first: int, n: int, *, x: float = 150, scene: tuple[int, int] = (0, 1000), sure: bool = True
) -> Track:
    boxes = np.tile(np.array([x - 15, 80, x + 15, 120], np.float32), (n, 1))
    face = NamedFace(name, 0.9, (), Box(*boxes[0].tolist()))
    return Track(face, first / RATE, (first + n) / RATE, first, boxes, scene, sure)


def test_the_table_joins_tracks_of_a_person_but_not_strangers() -> None:
    tracks = [
        track("Anna", 0, 20),
        track("unknown", 0, 20),
        track("Anna", 30, 20),
        track("unknown", 30, 20),
        track("Ben", 35, 5),
        track("Ben", 36, 2, sure=False),
        track("Anna", 200, 10),
    ]
    rows = [(row.name, round(row.start * RATE), round(row.end * RATE)) for row in join_tracks(tracks)]
    assert rows == [("Anna", 0, 50), ("unknown", 0, 20), ("unknown", 30, 50), ("Ben", 35, 40), ("Anna", 200, 210)]
    surer = replace(tracks[2], face=replace(tracks[2].face, probability=0.95), end=0.9)
    (row,) = join_tracks([tracks[0], surer])
    assert (row.probability, row.end) == (0.95, 1.0), "the surest name, up to the last end"


@pytest.mark.parametrize(("sure", "margin"), [(True, 10), (False, 3)])
def test_a_hidden_face_is_hidden_in_every_frame_and_around(tmp_path: Path, sure: bool, margin: int) -> None:
    source = write_frames(tmp_path / "film.mp4", textured(60))
    film = NamedFilm(source, RATE, 60, (track("unknown", 20, 10, sure=sure), track("Anna", 0, 60, x=60)), ())
    write_film(film, tmp_path / "out.mp4", hidden="unknown")
    frames = [frame.pixels for frame in Film.open(tmp_path / "out.mp4").frames()]
    assert len(frames) == 60
    hidden = [frame[80:120, 135:165].std() < 25 for frame in frames]
    assert hidden == [20 - margin <= i < 30 + margin for i in range(60)]
    assert all(frame[85:115, 50:70].std() > 40 for frame in frames), "nobody else is hidden"
    named = [np.abs(frames[i].astype(int) - textured(1)[0])[56:78, 45:120].mean() for i in (0, 59)]
    assert min(named) > 30, "who isn't hidden is named"


def test_names_are_painted_from_when_to_when_their_faces_are_seen(tmp_path: Path) -> None:
    source = write_frames(tmp_path / "film.mp4", textured(40))
    film = NamedFilm(source, RATE, 40, (track("Anna", 0, 40, x=40), track("Ben", 20, 10, x=220)), ())
    write_film(film, tmp_path / "out.mp4")
    frames = [frame.pixels.astype(int) for frame in Film.open(tmp_path / "out.mp4").frames()]
    plain = textured(1)[0]
    for left, shown in ((25, range(40)), (205, range(20, 30))):
        changed = [np.abs(frame - plain)[60:78, left : left + 30].mean() > 30 for frame in frames]
        assert changed == [i in shown for i in range(40)]


def test_hiding_ends_with_the_scene(tmp_path: Path) -> None:
    source = write_frames(tmp_path / "film.mp4", textured(40))
    film = NamedFilm(source, RATE, 40, (track("unknown", 20, 10, scene=(18, 31)),), ())
    write_film(film, tmp_path / "out.mp4", hidden="all", names=False)
    frames = [frame.pixels for frame in Film.open(tmp_path / "out.mp4").frames()]
    assert [frame[80:120, 135:165].std() < 25 for frame in frames] == [18 <= i < 31 for i in range(40)]


def test_before_and_after_its_track_a_face_moves_on() -> None:
    boxes = np.array([[10 * i, 0, 10 * i + 40, 40] for i in range(10)], np.float32)
    moving = Track(NamedFace("Anna", 1, ()), 5 / RATE, 15 / RATE, 5, boxes, (0, 100), True)
    assert hidden_box(moving, 7, 7 / RATE) == Box(20, 0, 60, 40)
    after, before = hidden_box(moving, 16, 16 / RATE), hidden_box(moving, 3, 3 / RATE)
    assert after.left < 110 < 150 < after.right
    assert before.left < -20 < 20 < before.right
    assert after.width < 60


def test_a_film_is_not_written_over_itself(tmp_path: Path) -> None:
    source = write_frames(tmp_path / "film.mp4", red_then_blue())
    with pytest.raises(CastlistError, match="is the film itself"):
        write_film(NamedFilm(source, RATE, 12, (), ()), tmp_path / "film.mp4")


@pytest.fixture(scope="module")
def clip_recognizer() -> SimpleNamespace:
    """Knows the two men of the clip by their three photos."""
    from castlist.embeddings import default_network
    from castlist.faces import find_faces
    from castlist.gallery import Gallery
    from castlist.media import find_cast, read_photo
    from castlist.naming.recognizer import Recognizer
    from conftest import PHOTOS

    cast = find_cast(PHOTOS / "clip" / "cast")
    network = default_network()
    crops = np.stack([find_faces(read_photo(photo.path))[0].pixels for photo in cast.photos])
    person = np.array([cast.people.index(photo.person) for photo in cast.photos])
    gallery = Gallery.fit(cast.people, network.embed(crops), person, [str(photo.path) for photo in cast.photos])
    return Recognizer(NOBODY_THERE.run, face_network=network, gallery=gallery)


@pytest.mark.photos
def test_both_men_of_the_clip_are_named_and_nobody_else(
    photos_folder: Path, clip_recognizer: SimpleNamespace, tmp_path: Path
) -> None:
    film = name_film(photos_folder / "clip" / "short_hamilton_clip.mp4", clip_recognizer)
    assert (film.n_frames, film.problem) == (275, None)
    assert {row.name for row in film.sightings} == {"alex_lacamoire", "lin_manuel_miranda", "unknown"}
    lin = [row for row in film.sightings if row.name == "lin_manuel_miranda"]
    assert [(round(row.start, 1), round(row.end, 1)) for row in lin] == [(0.0, 0.6), (2.7, 7.0)]
    for one in film.tracks:
        at_once = [other for other in film.tracks if other.first <= one.last and one.first <= other.last]
        assert one.face.name == "unknown" or [other.face.name for other in at_once].count(one.face.name) == 1


@pytest.mark.photos
def test_nobody_of_the_clip_is_known_once_hidden(
    photos_folder: Path, clip_recognizer: SimpleNamespace, tmp_path: Path
) -> None:
    parts = [range(0, 25), range(82, 115), range(211, 235)]  # of three scenes; the film is long
    frames = [frame.pixels for frame in Film.open(photos_folder / "clip" / "short_hamilton_clip.mp4").frames()]
    clip = write_frames(tmp_path / "clip.mp4", [frames[i] for part in parts for i in part])
    film = name_film(clip, clip_recognizer, thorough=True)
    assert "lin_manuel_miranda" in {row.name for row in film.sightings}
    write_film(film, tmp_path / "hidden.mp4", hidden="all")
    again = name_film(tmp_path / "hidden.mp4", clip_recognizer)
    assert again.n_frames == film.n_frames == 82
    assert {row.name for row in again.sightings} <= {"unknown"}
    assert sum(one.end - one.start for one in again.tracks) < 0.1 * sum(one.end - one.start for one in film.tracks)


def test_faces_told_before_are_not_embedded_again(tmp_path: Path) -> None:
    eyes = Recognizer.load(make_run(tmp_path / "run", ("Ann", "Bo")).path, finder=tell_faces).face_eyes
    sight = Sight(None, faces=[make_face(level_of(person)) for person in range(3)])
    whole, before = eyes.keep([sight]).embeddings, np.full(16, 0.25, np.float32)
    np.testing.assert_array_equal(eyes.keep([sight], [None, before, None]).embeddings, [whole[0], before, whole[2]])
    np.testing.assert_array_equal(eyes.keep([sight], [before] * 3).embeddings, [before] * 3)
    np.testing.assert_array_equal(eyes.keep([sight], [None] * 3).embeddings, whole)


def test_frames_before_a_moment_are_leapt_over(tmp_path: Path) -> None:
    film = Film.open(write_frames(tmp_path / "film.mp4", textured(40)))
    late = [frame.seconds for frame in film.frames(start=1.0) if frame.seconds >= 1.0]
    assert late == [frame.seconds for frame in film.frames() if frame.seconds >= 1.0]


def test_a_face_of_a_film_is_found_again_where_it_was_seen(tmp_path: Path) -> None:
    path = write_frames(tmp_path / "film.mp4", textured(40))
    asked: list[float | None] = []

    def finder(pixels: np.ndarray, *, min_face: float | None, **wishes: Any) -> list[Face]:
        asked.append(min_face)
        left = 4.0 * len(asked)  # it comes to where it was at its best
        return [
            replace(make_face(200), box=Box(left, 10, left + 20, 34)),
            replace(make_face(90), box=Box(70, 0, 80, 9)),
        ]

    pixels, box = find_again(path, Box(14, 10, 34, 34), 0.5, 1.5, finder=finder)
    assert pixels.shape == (200, 300, 3)
    assert box == Box(12, 10, 32, 34)
    assert asked == [10, 10, 10]


def test_a_face_is_looked_for_again_in_few_frames_and_only_while_it_was_seen(tmp_path: Path) -> None:
    path = write_frames(tmp_path / "film.mp4", [np.full((64, 96, 3), 20 + 3 * i, np.uint8) for i in range(70)])
    looked: list[int] = []

    def finder(pixels: np.ndarray, **wishes: Any) -> list[Face]:
        looked.append(round((float(pixels.mean()) - 20) / 3))
        return []

    for end, frames in ((1.0, range(10, 21)), (3.4, range(10, 70, 2))):
        with pytest.raises(PhotoError, match="no such face"):
            find_again(path, Box(14, 10, 34, 34), 0.5, end, finder=finder)
        assert looked == list(frames)
        looked.clear()


@pytest.mark.parametrize("beside", [False, True])
def test_a_face_alone_is_embedded_now_and_then_and_described_at_its_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: bool
) -> None:
    """Ann comes nearer with each frame, and is seen best in the 20th; in another film a stranger is beside her."""

    def find(pixels: np.ndarray, min_face: float, template: Template) -> list[Face]:
        frame = round(float(pixels[:, -TILE:].mean()) / 4)
        looked.append(frame)
        ann, other = make_face(level_of(1, 4), frame, template=template), make_face(level_of(20), 120 + frame)
        return [replace(ann, confidence=1.0 if frame == 20 else 0.9)] + [other] * beside

    looked: list[int] = []
    embedded: list[int] = []
    monkeypatch.setattr(following, "find_upright", find)
    recognizer = Recognizer.load(make_run(tmp_path / "run", ("Bo", "Ann")).path, finder=tell_faces)

    def embed(network: FaceNetwork, crops: np.ndarray, **how: Any) -> np.ndarray:
        embedded.append(len(crops))
        return true_embed(network, crops, **how)

    true_embed = FaceNetwork.embed
    monkeypatch.setattr(FaceNetwork, "embed", embed)
    frames = [np.full((TILE, 2 * TILE, 3), 4 * i, np.uint8) for i in range(40)]
    for frame in frames:
        frame[:, :TILE] = 200
    film = name_film(write_frames(tmp_path / "film.mp4", frames), recognizer)
    assert sorted(looked) == [math.ceil(5 * i / 3) for i in range(24)], "twelve looks a second"
    assert embedded == [2] * 24 if beside else embedded[:6] == [1] * 6 and sum(embedded[6:]) < 6
    named = {one.face.name: one for one in film.tracks}
    assert set(named) == {"Ann", *["unknown"] * beside}
    assert (named["Ann"].start, named["Ann"].end, named["Ann"].scene) == (0, 2, (0, 40))
    assert named["Ann"].face.box.left == 10 + 20


@pytest.mark.parametrize(("min_face", "asked"), [(None, 48), (33, 33)])
def test_small_faces_of_a_film_are_looked_for_to_hide_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, min_face: int | None, asked: float
) -> None:
    def find(pixels: np.ndarray, min_face: float, template: Template) -> list[Face]:
        wanted.add(min_face)
        return [replace(make_face(level_of(20)), confidence=confidence)] if pixels.mean() > 99 else []

    confidence = 0.6
    wanted: set[float] = set()
    monkeypatch.setattr(following, "find_upright", find)
    recognizer = Recognizer.load(make_run(tmp_path / "run", ("Ann", "Bo")).path)
    settings = replace(recognizer.run.settings, min_face=min_face)
    recognizer = Recognizer(
        replace(recognizer.run, settings=settings), face_network=recognizer.face_network, gallery=recognizer.gallery
    )
    frames = [np.full((800, 800, 3), level, np.uint8) for level in (0, 200, 0)]
    film = write_frames(tmp_path / "film.mp4", [frames[0], *frames])
    assert not name_film(film, recognizer).tracks and wanted == {asked}
    wanted.clear()
    (doubtful,) = name_film(film, recognizer, thorough=True).tracks
    assert (doubtful.is_sure, doubtful.first, wanted) == (False, 2, {24})
    confidence = 1.0
    (short,) = name_film(film, recognizer).tracks
    assert not short.is_sure and not following.see_film(film, recognizer)[0], "an archive keeps none so short"

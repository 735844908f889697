"""Films as cameras and phones write them: their times, the shape of their pixels, their turning, and their sound."""

from __future__ import annotations

import resource
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import ImageColor

from castlist.errors import CastlistError, MissingExtraError, PhotoError
from castlist.media import Film, FilmWriter, digest_of, original_of, read_still
from castlist.naming import NamedFace, NamedFilm, NamedPhoto, Track, name_film
from castlist.naming.films.tracking import Look, Tracker, fill_boxes
from castlist.painting import COLORS, free_place, write_film
from castlist.predicting import predict
from test_films import NOBODY_THERE, look, red_then_blue, textured, write_frames

av = pytest.importorskip("av")
TICK = Fraction(1, 600)


def encode_film(
    path: Path,
    frames: Sequence[np.ndarray],
    *,
    ticks: Sequence[int] | None = None,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    sound: str | None = None,
    channels: str = "mono",
    ratio: Fraction | None = None,
    turn: int = 0,
) -> Path:
    """Write a film by PyAV itself, so that reading isn't tested by castlist's own writing."""
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=20)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.codec_context.time_base = TICK if ticks else Fraction(1, 20)
        if ratio:
            stream.sample_aspect_ratio = ratio
        if turn:
            stream.set_display_rotation(turn)
        heard = out.add_stream(sound, rate=48_000, layout=channels, bit_rate=96_000) if sound else None
        for i, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts, picture.time_base = (ticks[i], TICK) if ticks else (i, Fraction(1, 20))
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
        if heard:
            seconds = (ticks[-1] * TICK if ticks else Fraction(len(frames), 20)) + Fraction(1, 20)
            wave = np.sin(np.arange(int(48_000 * seconds)) * 2 * np.pi * 440 / 48_000).astype(np.float32)[None]
            tone = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            tone.rate, tone.pts, tone.time_base = 48_000, 0, Fraction(1, 48_000)
            for frame in av.AudioResampler(format=heard.format, layout=channels, rate=48_000).resample(tone):
                out.mux(heard.encode(frame))
            out.mux(heard.encode(None))
    return path


def sound_of(path: Path) -> tuple[str, list[float]]:
    """The codec of a film's sound, and when each of its packets is heard."""
    with av.open(str(path)) as film:
        (stream,) = film.streams.audio
        packets = [packet for packet in film.demux(stream) if packet.dts is not None]
        return stream.codec_context.codec.canonical_name, [float(packet.pts * packet.time_base) for packet in packets]


def whole(path: Path, n: int, *tracks: Track) -> NamedFilm:
    return NamedFilm(path, Film.open(path).rate, n, tracks, ())


def test_frames_keep_their_own_times_and_the_sound(tmp_path: Path) -> None:
    ticks = [20 * i for i in range(30)] + [600 + 620 * i for i in range(4)]  # 30 frames a second, then about one
    source = encode_film(tmp_path / "film.mp4", textured(34), ticks=ticks, sound="aac")
    times = [frame.seconds for frame in Film.open(source).frames()]
    np.testing.assert_allclose(times, np.array(ticks) / 600, atol=1e-6)
    write_film(whole(source, 34), tmp_path / "copy.mp4")
    copied = [frame.seconds for frame in Film.open(tmp_path / "copy.mp4").frames()]
    np.testing.assert_allclose(copied, times, atol=1e-6)
    codec, heard = sound_of(tmp_path / "copy.mp4")
    assert codec == "aac"
    np.testing.assert_allclose(heard, sound_of(source)[1], atol=1e-4)


def test_sound_that_mp4_can_t_hold_is_encoded(tmp_path: Path) -> None:
    source = encode_film(tmp_path / "film.avi", textured(20), codec="mjpeg", pixels="yuvj420p", sound="wmav2")
    write_film(whole(source, 20), tmp_path / "copy.mp4")
    codec, heard = sound_of(tmp_path / "copy.mp4")
    assert codec == "aac"
    assert heard[-1] > 0.9


def test_sound_of_channels_that_are_only_counted_is_kept(tmp_path: Path) -> None:
    """As in the AVI of a camcorder: MP4 must say which they are."""
    source = encode_film(
        tmp_path / "film.avi", textured(20), codec="mjpeg", pixels="yuvj420p", sound="pcm_s16le", channels="stereo"
    )
    write_film(whole(source, 20), tmp_path / "copy.mp4")
    assert sound_of(tmp_path / "copy.mp4")[1][-1] > 0.9


@pytest.mark.parametrize("begin", [0, 6000])
def test_a_film_of_uneven_rate_or_that_begins_late_isn_t_cut_short(tmp_path: Path, begin: int) -> None:
    """Matroska counts no frames: how many there should be is a guess."""
    ticks = [begin + 30 * i for i in range(20)] + [begin + 600 + 600 * i for i in range(4)]
    source = encode_film(tmp_path / "film.mkv", textured(24), ticks=ticks, codec="mjpeg", pixels="yuvj420p")
    assert name_film(source, NOBODY_THERE).problem is None
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    assert name_film(source, NOBODY_THERE).problem is not None


def test_a_film_without_sound_has_none(tmp_path: Path) -> None:
    source = encode_film(tmp_path / "film.mp4", textured(5))
    write_film(whole(source, 5), tmp_path / "copy.mp4")
    with av.open(str(tmp_path / "copy.mp4")) as film:
        assert [stream.type for stream in film.streams] == ["video"]


def test_pixels_that_are_wider_than_high_are_stretched(tmp_path: Path) -> None:
    source = encode_film(tmp_path / "film.mp4", red_then_blue(), ratio=Fraction(4, 3))
    film = Film.open(source)
    assert film.size == (128, 64)
    assert {frame.pixels.shape for frame in film.frames()} == {(64, 128, 3)}
    write_film(whole(source, 12), tmp_path / "copy.mp4")
    with av.open(str(tmp_path / "copy.mp4")) as copy:
        assert (copy.streams.video[0].width, copy.streams.video[0].sample_aspect_ratio or 1) == (128, 1)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_films_are_written_upright(tmp_path: Path, turn: int) -> None:
    source = encode_film(tmp_path / "film.mp4", red_then_blue(), turn=turn)
    before = next(Film.open(source).frames()).pixels
    np.testing.assert_allclose(before.astype(int), np.rot90(red_then_blue()[0], turn // 90), atol=40)
    assert before.shape[1::-1] == Film.open(source).size
    write_film(whole(source, 12), tmp_path / "copy.mp4")
    after = next(Film.open(tmp_path / "copy.mp4").frames())
    assert after.turns == 0
    assert np.abs(after.pixels.astype(int) - before).mean() < 6


@pytest.mark.parametrize(
    ("codec", "pixels"), [("libx264", "yuv420p10le"), ("libx264", "yuv444p"), ("qtrle", "argb"), ("mjpeg", "yuvj420p")]
)
def test_every_kind_of_pixels_keeps_its_colors(tmp_path: Path, codec: str, pixels: str) -> None:
    source = encode_film(tmp_path / "film.mov", red_then_blue(), codec=codec, pixels=pixels)
    track = Track(NamedFace("unknown", 0.9, ()), 0, 1, 0, np.tile([70, 20, 80, 30], (12, 1)), (0, 12), True)
    write_film(whole(source, 12, track), tmp_path / "copy.mp4", hidden="all")
    for before, after in zip(red_then_blue(), Film.open(tmp_path / "copy.mp4").frames(), strict=True):
        left = after.pixels[10:50, 8:36].astype(int) - before[10:50, 8:36]
        assert np.abs(left).mean() < 12, "what isn't hidden stays"


def test_an_odd_column_and_row_are_cut_off(tmp_path: Path) -> None:
    frames = [np.full((33, 51, 3), 90, np.uint8)] * 3
    source = encode_film(tmp_path / "film.mp4", frames, pixels="yuv444p")
    assert Film.open(source).size == (51, 33)
    write_film(whole(source, 3), tmp_path / "copy.mp4")
    assert Film.open(tmp_path / "copy.mp4").size == (50, 32)


def test_only_what_is_painted_changes(tmp_path: Path) -> None:
    source = encode_film(tmp_path / "film.mp4", textured(6))
    boxes = np.tile(np.array([101, 61, 131, 95], np.float32), (6, 1))
    track = Track(NamedFace("Anna", 0.9, ()), 0, 0.3, 0, boxes, (0, 6), True)
    write_film(whole(source, 6, track), tmp_path / "copy.mp4")
    before, after = (next(Film.open(path).frames()).pixels.astype(int) for path in (source, tmp_path / "copy.mp4"))
    changed = np.abs(before - after).max(axis=2) > 60
    rows, columns = np.nonzero(changed)
    assert 25 < rows.min() < 61 < 95 < rows.max() + 3 < 110
    assert 90 < columns.min() < 101
    assert changed.sum() > 500


def test_a_name_has_its_color_wherever_its_face_lies(tmp_path: Path) -> None:
    source = encode_film(tmp_path / "film.mp4", [np.full((240, 320, 3), 90, np.uint8)] * 4)
    boxes = [np.tile(np.array(box, np.float32), (4, 1)) for box in ((-40, 51, 60, 151), (250.4, 180.6, 350, 280))]
    tracks = [Track(NamedFace("Anna", 0.9, ()), 0, 0.2, 0, box, (0, 4), True) for box in boxes]
    write_film(whole(source, 4, *tracks), tmp_path / "copy.mp4", people=["Bo", "Anna"])
    pixels = next(Film.open(tmp_path / "copy.mp4").frames()).pixels.astype(int)
    wanted = ImageColor.getrgb(COLORS[1])
    for y, x in ((52, 30), (151, 30), (100, 59), (200, 251), (181, 300), (239, 251)):
        near = pixels[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].reshape(-1, 3)
        assert np.abs(near - wanted).max(axis=1).min() < 30, (y, x)
    plate = pixels[160:180, 250:320]  # letters, dark, on the same color
    assert (np.abs(plate - wanted).max(axis=2) < 30).mean() > 0.4
    assert (plate.max(axis=2) < 70).mean() > 0.05
    np.testing.assert_allclose(pixels[:20], 90, atol=6)


def test_a_still_is_the_frame_of_its_number(tmp_path: Path) -> None:
    source = encode_film(tmp_path / "film.mp4", red_then_blue())
    still = read_still(tmp_path / "film.mp4#7")
    np.testing.assert_array_equal(still, [frame.pixels for frame in Film.open(source).frames()][7])
    with pytest.raises(PhotoError, match="beyond the film's end"):
        read_still(tmp_path / "film.mp4#12")


def test_files_of_sound_are_no_films(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=48_000, layout="mono")
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.float32), format="fltp", layout="mono")
        tone.rate = 48_000
        out.mux(stream.encode(tone))
        out.mux(stream.encode(None))
    with pytest.raises(PhotoError, match="without a film's pictures"):
        Film.open(path)


def test_a_damaged_moment_costs_no_more_than_itself(tmp_path: Path) -> None:
    source = encode_film(tmp_path / "film.avi", textured(20), codec="mjpeg", pixels="yuvj420p")
    data = bytearray(source.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 64] = bytes(64)
    source.write_bytes(data)
    assert 15 <= len(list(Film.open(source).frames())) <= 20


def test_without_pyav_one_sentence_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = encode_film(tmp_path / "film.mp4", red_then_blue())
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"castlist\[films\]"):
        Film.open(source)
    with pytest.raises(MissingExtraError, match=r"castlist\[films\]"):
        FilmWriter(tmp_path / "copy.mp4", 20, (96, 64))


def test_without_pyav_a_film_is_told_and_the_rest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = encode_film(tmp_path / "film.mp4", red_then_blue())
    monkeypatch.setitem(sys.modules, "av", None)
    named = NamedPhoto(tmp_path / "photo.jpg", ())
    recognizer = SimpleNamespace(**vars(NOBODY_THERE), network=None, name_photos=lambda paths, **_: iter([named]))
    first, told = predict([source], recognizer, table=tmp_path / "table.csv")
    assert first == named
    assert isinstance(told, NamedFilm) and not told.is_read
    assert "castlist[films]" in str(told.problem)
    assert "film.mp4" in (tmp_path / "table.csv").read_text("utf-8")


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    target.write_bytes(b"what was there before")
    noise = np.random.default_rng(0).integers(0, 255, (40, 240, 320, 3)).astype(np.uint8)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(CastlistError, match="can't be written"):
            write_frames(target, noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("film.mp4", b"what was there before")]


def test_writers_of_one_film_at_once_don_t_tear_it(tmp_path: Path) -> None:
    first, second = (FilmWriter(tmp_path / "film.mp4", 20, (96, 64)) for _ in range(2))
    with first, second:
        for pixels in red_then_blue():
            first.write(pixels)
            second.write(pixels)
    assert len(list(Film.open(tmp_path / "film.mp4").frames())) == 12
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_with_few_frames_a_second_a_face_is_hidden_in_all_of_them(tmp_path: Path) -> None:
    """One frame a second, after thirty: the margins are a frame at least, and a missed look is bridged."""
    times = [i / 30 for i in range(30)] + [1 + i for i in range(8)]
    tracker, ended = Tracker(), []
    for i, seconds in enumerate(times):
        found = [] if i == 33 else [Look(i, seconds, look(i, 150, 0).face, look(i, 150, 0).vector)]
        ended += tracker.update(found, seconds)
    (trail,) = ended + tracker.finish()
    assert trail.frames == [i for i in range(38) if i != 33]
    source = encode_film(tmp_path / "film.mp4", textured(38), ticks=[round(600 * seconds) for seconds in times])
    boxes = np.tile(np.array([135, 80, 165, 120], np.float32), (3, 1))
    track = Track(NamedFace("unknown", 0.9, ()), times[32], times[35], 32, boxes, (0, 38), False)
    write_film(whole(source, 38, track), tmp_path / "out.mp4", hidden="all", names=False)
    frames = [frame.pixels for frame in Film.open(tmp_path / "out.mp4").frames()]
    assert [frame[80:120, 135:165].std() < 25 for frame in frames] == [31 <= i <= 35 for i in range(38)]


def test_boxes_are_smoothed_over_time_not_over_frames() -> None:
    times = np.array([i / 30 for i in range(30)] + [1.0 + i for i in range(5)])
    moving = np.repeat([[0.0]] * 30 + [[100.0], [0.0], [100.0], [0.0], [100.0]], 4, axis=1)
    boxes = fill_boxes(range(35), moving, 0.08, times)
    np.testing.assert_allclose(boxes[31:, 0], moving[31:, 0], atol=15)
    np.testing.assert_allclose(boxes[:25], 0, atol=1)


@pytest.mark.photos
def test_odd_films_that_people_have(photos_folder: Path, tmp_path: Path) -> None:
    odd = photos_folder / "odd"
    assert Film.open(odd / "pixels_4_to_3.mp4").size == (640, 360)
    source = odd / "variable_rate_with_sound.mp4"
    write_film(whole(source, 74), tmp_path / "copy.mp4")
    times = [[frame.seconds for frame in Film.open(path).frames()] for path in (source, tmp_path / "copy.mp4")]
    assert len(times[0]) == len(times[1]) == 74
    np.testing.assert_allclose(times[0], times[1], atol=1e-6)
    np.testing.assert_allclose(sound_of(source)[1], sound_of(tmp_path / "copy.mp4")[1], atol=1e-3)


def test_a_film_s_copy_says_of_what_it_is_one(tmp_path: Path) -> None:
    first, second = (
        encode_film(tmp_path / name, red_then_blue()[:count]) for name, count in (("a.mp4", 4), ("b.mp4", 5))
    )
    copy = tmp_path / "copy.named.mp4"
    write_film(NamedFilm(first, 20, 4, (), ()), copy)
    assert original_of(copy) == digest_of(first)
    assert free_place(copy, first) == copy
    assert free_place(copy, second) == tmp_path / f"copy-{digest_of(second)[:8]}.named.mp4"
    assert original_of(first) is None

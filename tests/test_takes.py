"""What was taken in one go stays in one go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from castlist.learning.takes import ALONE, find_takes, join_takes
from castlist.media import Moment, read_file, time_taken


def moments(*seconds: float) -> list[Moment | None]:
    return [Moment(one, "a camera") for one in seconds]


def test_films_and_bursts_are_takes() -> None:
    film, photos = Path("a/film.mp4"), [Path(f"a/{i}.jpg") for i in range(6)]
    paths = [*photos, film, film, film]
    # Two of one second, three that go on from each other, one an hour later; the film's frames have no clock.
    times = [*moments(100.0, 100.5, 200.0, 201.0, 202.0, 3800.0), None, None, None]
    take = find_takes(paths, np.zeros(9, int), times)
    assert len(set(take[:2])) == len(set(take[2:5])) == len(set(take[6:])) == 1
    assert take[5] == ALONE
    assert len({take[0], take[2], take[5], take[6]}) == 4


def test_a_burst_is_of_one_person() -> None:
    take = find_takes([Path("a/1.jpg"), Path("b/1.jpg")], np.array([0, 1]), moments(5.0, 5.0))
    assert take.tolist() == [ALONE, ALONE]


def test_a_burst_is_of_one_camera() -> None:
    times = [*moments(5.0), Moment(5.1, "another"), *moments(5.2)]
    take = find_takes([Path(f"a/{i}.jpg") for i in range(3)], np.zeros(3, int), times)
    assert take[1] == ALONE and take[0] == take[2] != ALONE


def test_a_clock_that_stands_still_is_none() -> None:
    """Scans and edited pictures may all bear one time."""
    paths = [Path(f"a/{i}.jpg") for i in range(42)]
    take = find_takes(paths, np.zeros(42, int), moments(*[1000.0] * 40, 1001.0, 1001.2))
    assert (take[:40] == ALONE).all()
    assert take[40] == take[41] != ALONE


def test_groups_of_a_take_are_joined() -> None:
    group = np.array([0, 1, 2, 3, 3, 4])
    take = np.array([7, 7, ALONE, 8, ALONE, 8])
    assert join_takes(group, take).tolist() == [0, 0, 2, 3, 3, 3]
    # Through a photo that is a copy of one in another take, two takes are one group.
    assert len(set(join_takes(np.array([0, 1, 1, 2]), np.array([1, 1, 2, 2])).tolist())) == 1


def test_the_camera_s_clock_is_read(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "a camera"
    block = exif.get_ifd(ExifTags.IFD.Exif)
    block[ExifTags.Base.DateTimeOriginal] = "2024:05:01 10:20:30"
    block[ExifTags.Base.SubsecTimeOriginal] = "250"
    Image.new("RGB", (32, 32)).save(tmp_path / "a.jpg", exif=exif)
    block[ExifTags.Base.DateTimeOriginal] = "2024:05:01 10:20:31"
    block[ExifTags.Base.SubsecTimeOriginal] = "-5"
    Image.new("RGB", (32, 32)).save(tmp_path / "b.jpg", exif=exif)
    block[ExifTags.Base.DateTimeOriginal] = "0000:00:00 00:00:00"
    Image.new("RGB", (32, 32)).save(tmp_path / "c.jpg", exif=exif)
    Image.new("RGB", (32, 32)).save(tmp_path / "d.png")
    first, second, zero, none = (time_taken(read_file(path)) for path in sorted(tmp_path.iterdir()))
    assert first is not None and second is not None
    assert second.seconds - first.seconds == 0.75
    assert first.camera == second.camera and "a camera" in first.camera
    assert zero is None and none is None

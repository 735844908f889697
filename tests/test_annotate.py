"""Names on pictures are there, readable, inside the picture, and don't cover each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, ImageColor

from castlist.errors import CastlistError
from castlist.faces import Box
from castlist.media import read_photo
from castlist.naming import NamedFace, NamedPhoto
from castlist.painting import labels as annotate
from castlist.painting.labels import covered_area, draw_names, place_label
from castlist.painting.pictures import draw_photo, save_picture


def named(name: str, probability: float = 0.98, box: Box | None = None) -> NamedFace:
    return NamedFace(name, probability, (), box)


def grey(height: int, width: int, value: int = 128) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def test_an_answer_for_the_whole_photo_is_a_caption_below_it() -> None:
    pixels = grey(400, 600)
    drawn = draw_names(pixels, [named("Chris")])
    assert drawn.dtype == np.uint8 and drawn.shape[1:] == (600, 3) and drawn.shape[0] > 400
    assert np.array_equal(drawn[:400], pixels)  # the photo itself is untouched
    band = drawn[400:].astype(int)
    assert (band > 200).all(axis=2).sum() > 100  # white letters
    assert (band < 50).all(axis=2).mean() > 0.5  # on a dark band


@pytest.mark.parametrize("value", [0, 255])
def test_a_label_is_readable_on_dark_and_on_bright_photos(value: int) -> None:
    drawn = draw_names(grey(400, 400, value), [named("Chris", box=Box(100, 100, 250, 300))])
    assert drawn.shape == (400, 400, 3)
    label = drawn[50:95, 100:220].reshape(-1, 3).mean(axis=1)
    assert (label < 40).sum() > 100 and (label > 180).sum() > 1000  # dark letters on a bright plate
    # The frame is bright with a dark rim on either side, so one of them stands out.
    across = drawn[200, 90:112].mean(axis=1)
    assert across.min() < 40 and across.max() > 180


def test_boxes_are_in_pixels_of_the_photo() -> None:
    drawn = draw_names(grey(400, 400), [named("Chris", box=Box(100, 150, 250, 300))])
    changed = (drawn != 128).any(axis=2)
    assert changed[150:301, 98:102].all(axis=1).all() and changed[150:301, 249:252].any(axis=1).all()
    assert not changed[160:290, 110:240].any()  # the face is free


@pytest.mark.parametrize("size", [(96, 96), (1, 1), (3, 900), (900, 3), (320, 4000)])
def test_small_and_narrow_pictures_are_enlarged_until_names_are_readable(size: tuple[int, int]) -> None:
    drawn = draw_names(grey(*size), [named("scarlett_johansson"), named("Ann", 0.5, Box(0, 0, 1, 1))])
    assert drawn.shape[0] * drawn.shape[1] < 4_000_000
    if size == (96, 96):
        assert drawn.shape[1] == annotate.MIN_SIDE


def test_a_large_picture_keeps_its_size() -> None:
    assert draw_names(grey(1000, 3000), [named("Chris", box=Box(0, 0, 500, 500))]).shape == (1000, 3000, 3)


def test_labels_of_a_crowd_do_not_cover_each_other() -> None:
    crowd = [
        Box(20 + 125 * column, 60 + 160 * row, 100 + 125 * column, 150 + 160 * row)
        for row in range(4)
        for column in range(10)
    ]
    plates: list[Box] = []
    for box in crowd:
        plates.append(place_label(box, (118, 20), (1280, 720), plates, crowd))
        assert covered_area(plates[-1], plates[:-1]) == 0
        assert covered_area(plates[-1], crowd) == 0
    assert covered_area(Box(0, 0, 1280, 720), plates) == pytest.approx(40 * 118 * 20)


def test_labels_side_by_side_in_a_picture_are_all_seen() -> None:
    people = [f"Person {i}" for i in range(9)]
    faces = [named(people[i], 0.5, Box(400 + 30 * i, 300, 425 + 30 * i, 330)) for i in range(9)]
    drawn = draw_names(grey(720, 1280), faces, people)
    for face in faces:
        color = np.array(ImageColor.getrgb(annotate.color_of(face, people)))
        alone = (draw_names(grey(720, 1280), [face], people) == color).all(axis=2).sum()
        assert (drawn == color).all(axis=2).sum() > 0.9 * alone


@pytest.mark.parametrize("box", [Box(-20, -10, 80, 90), Box(350, 320, 420, 410), Box(0, 0, 400, 400)])
def test_a_face_at_the_edge_has_its_label_inside(box: Box) -> None:
    plate = place_label(box, (120, 24), (400, 400), [], [box])
    assert 0 <= plate.left < plate.right <= 400 and 0 <= plate.top < plate.bottom <= 400


def test_a_long_name_is_cut_and_keeps_its_percentage() -> None:
    label = annotate.Label(named("a name that is much too long for any picture", 0.42), 20, 200)
    assert 100 < label.width <= 200
    assert "".join(run for run, _ in label._runs).endswith("… 42 %")


def test_a_face_that_is_only_perhaps_somebody_has_a_question_mark() -> None:
    face = NamedFace("unknown", 0.29, (("Chris", 0.71),), perhaps="Chris")
    assert "".join(run for run, _ in annotate.Label(face, 20, 400)._runs) == "Chris? 71 %"
    assert "".join(run for run, _ in annotate.Label(face, 20, 100)._runs).endswith("…? 71 %")


def test_a_person_keeps_a_color_and_strangers_are_grey() -> None:
    people = tuple(f"p{i}" for i in range(9))
    colors = [annotate.color_of(named(person), people) for person in people]
    assert len({*colors, annotate.UNNAMED, annotate.COLORS[-1]}) == 11
    perhaps = NamedFace("unknown", 0.29, (("p1", 0.71),), perhaps="p1")
    assert annotate.color_of(perhaps, people) == annotate.color_of(named("unknown"), people) == annotate.UNNAMED
    at = {"p3": Box(100, 100, 200, 200), "unknown": Box(250, 250, 350, 350)}
    for shown in (["p3"], ["unknown", "p3"]):
        drawn = draw_names(grey(400, 400), [named(name, box=at[name]) for name in shown], people)
        for name in shown:
            frame = tuple(drawn[int(at[name].bottom), int(at[name].left) + 50])
            assert "#{:02x}{:02x}{:02x}".format(*frame) == (colors[3] if name == "p3" else annotate.UNNAMED)


@pytest.mark.parametrize("name", ["", " ", "two\nlines", "\udcff", "$x$", "e\u0301", "<b>"])
def test_any_name_can_be_drawn(name: str) -> None:
    assert draw_names(grey(400, 400), [named(name), named(name, 0.5, Box(10, 10, 60, 60))]).shape[1] == 400


@pytest.mark.parametrize(
    ("probability", "text"), [(1.0, "100 %"), (0.998, ">99 %"), (0.98, "98 %"), (0.5, "50 %"), (0.0, "0 %")]
)
def test_percentages_claim_no_certainty(probability: float, text: str) -> None:
    assert annotate.percent(probability) == text


@pytest.mark.parametrize("name", ["a.png", "new folder/b.JPG"])
def test_pictures_are_saved(tmp_path: Path, name: str) -> None:
    save_picture(grey(30, 40, 77), tmp_path / name)
    assert abs(read_photo(tmp_path / name).astype(int) - 77).max() <= 2
    assert (tmp_path / name).read_bytes().startswith(b"\x89PNG" if name.endswith("png") else b"\xff\xd8")
    assert not list(tmp_path.rglob("*.part"))


def test_what_can_not_be_saved_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CastlistError, match=r"must be saved as .jpg, .jpeg, .png. Got 'a.gif'"):
        save_picture(grey(3, 3), tmp_path / "a.gif")
    (tmp_path / "file").write_text("")
    with pytest.raises(CastlistError, match="can't be written"):
        save_picture(grey(3, 3), tmp_path / "file" / "a.png")


def test_a_copy_keeps_what_its_colors_mean(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    greys = profile[:16] + b"GRAY" + profile[20:]
    for form, told, kept in (
        *(("JPEG", profile, profile), ("TIFF", profile, profile), ("WEBP", profile, profile)),
        *(("JPEG", greys, None), ("JPEG", profile[:-1], None), ("JPEG", None, None)),
    ):
        photo, copy = tmp_path / "photo", tmp_path / "copy.jpg"
        Image.new("RGB", (40, 30), "#804020").save(photo, form, **({"icc_profile": told} if told else {}))
        draw_photo(NamedPhoto(photo, ()), copy)
        with Image.open(copy) as written:
            assert written.info.get("icc_profile") == kept


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif"])
def test_a_copy_bears_the_dates_of_the_photo_and_nothing_else_of_it(tmp_path: Path, ending: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.DateTime] = "Kamera", "2019:05:02 10:11:12"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal], details[ExifTags.Base.OffsetTimeOriginal] = "2018:12:24 18:00:01", "+08:00"
    details[ExifTags.Base.DateTimeDigitized] = "no date\x1b[2J"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    photo = tmp_path / f"a.{ending}"
    Image.fromarray(grey(40, 40)).save(photo, exif=exif)
    draw_photo(NamedPhoto(photo, (named("Chris"),)), tmp_path / "copy.jpg")
    with Image.open(tmp_path / "copy.jpg") as copy:
        kept, its_details = copy.getexif(), copy.getexif().get_ifd(ExifTags.IFD.Exif)
        assert kept[ExifTags.Base.DateTime] == "2019:05:02 10:11:12"
        assert its_details[ExifTags.Base.DateTimeOriginal] == "2018:12:24 18:00:01"
        assert its_details[ExifTags.Base.OffsetTimeOriginal] == "+08:00"
        assert ExifTags.Base.DateTimeDigitized not in its_details
        assert ExifTags.Base.Make not in kept and not kept.get_ifd(ExifTags.IFD.GPSInfo)

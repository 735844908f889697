"""The decoder takes every format and refuses what it must; a folder of folders becomes a cast."""

from __future__ import annotations

import contextlib
import io
import os
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from castlist.errors import CastError, Message, PhotoError
from castlist.media import (
    check_person,
    find_cast,
    find_photos,
    one_form,
    read_photo,
    resize_photo,
    settle_name,
)
from castlist.media.walking import Walk
from conftest import save_noise

RED, BLUE = (220, 30, 40), (20, 40, 200)


def two_colors(width: int = 60, height: int = 40) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def encode(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {"quality": 95}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("BMP", {}),
        ("GIF", {}),
        ("TIFF", {}),
        ("AVIF", {"quality": 95}),
        ("PPM", {}),
    ],
)
def test_every_format_decodes_to_the_same_colors(tmp_path: Path, form: str, options: dict[str, object]) -> None:
    path = tmp_path / "photo.txt"  # the name lies
    path.write_bytes(encode(two_colors(), form, **options))
    pixels = read_photo(path)
    assert pixels.shape == (40, 60, 3)
    assert pixels.dtype == np.uint8
    np.testing.assert_allclose(pixels[20, 10], RED, atol=12)
    np.testing.assert_allclose(pixels[20, 50], BLUE, atol=12)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "LA", "PA"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    form = "TIFF" if mode == "CMYK" else "PNG" if mode != "PA" else "GIF"
    pixels = read_photo(encode(two_colors().convert("P" if mode == "PA" else mode), form))
    assert pixels.shape == (40, 60, 3)
    assert pixels.dtype == np.uint8
    assert not np.array_equal(pixels[20, 10], pixels[20, 50])


def test_16_bits_keep_their_brightness() -> None:
    grey = np.full((8, 8), 32768, np.uint16)
    assert abs(int(read_photo(encode(Image.fromarray(grey), "PNG"))[0, 0, 0]) - 127) <= 1
    assert abs(int(read_photo(encode(Image.fromarray(grey), "TIFF"))[0, 0, 0]) - 127) <= 1


def test_float_pixels_are_scaled_by_their_range() -> None:
    grey = np.full((8, 8), 0.5, np.float32)
    grey[0, 0] = 1.0
    assert abs(int(read_photo(encode(Image.fromarray(grey), "TIFF"))[4, 4, 0]) - 127) <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_laid_onto_white(mode: str) -> None:
    image = Image.new(mode, (4, 4), 0)
    assert (read_photo(encode(image, "PNG")) == 255).all()


def test_what_shows_through_is_mixed_with_white() -> None:
    image = Image.new("RGBA", (8, 8), (200, 0, 100, 51))  # a fifth
    assert np.abs(read_photo(encode(image, "PNG")).astype(int) - (244, 204, 224)).max() <= 1


def test_a_palette_with_a_transparent_color_is_laid_onto_white() -> None:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    assert (read_photo(encode(image, "PNG", transparency=0)) == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_exif_orientations_come_out_upright(orientation: int, mode: str, form: str) -> None:
    upright = two_colors().convert(mode)
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(turns[orientation]) if orientation in turns else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = read_photo(encode(stored, form, exif=exif))
    np.testing.assert_array_equal(pixels, np.asarray(upright.convert("RGB")))


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in (RED, BLUE)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(read_photo(data)[0, 0], RED, atol=12)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello, I am a text", "not a photo"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(64), "photo in HEIC that is damaged"),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(64), "film"),
        (encode(two_colors(), "JPEG")[:400], "cut short"),
        (encode(two_colors(), "PNG")[:-40], "cut short"),
    ],
)
def test_refusals_say_why(data: bytes, reason: str) -> None:
    with pytest.raises(PhotoError, match=reason):
        read_photo(data)


def test_a_jpg_of_endless_passes_is_refused_before_decoding() -> None:
    whole = encode(Image.new("L", (64, 64)), "JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    assert read_photo(whole[:-2] + 20 * last + whole[-2:]).shape == (64, 64, 3)
    assert read_photo(whole + 1000 * b"\xff\xda").shape == (64, 64, 3)  # a film hangs on many a phone's photo
    with pytest.raises(PhotoError, match="passes"):
        read_photo(whole[:-2] + 200 * last + whole[-2:])


def test_a_decompression_bomb_is_refused_before_decoding() -> None:
    for side in (12_500, 20_000):
        bomb = encode(Image.new("1", (side, side)), "PNG")
        assert len(bomb) < 100_000
        with pytest.raises(PhotoError, match="more than the limit of 150 million pixels"):
            read_photo(bomb[:-10_000])  # decoded, it would be found to be cut short


def test_random_damage_never_raises_anything_else() -> None:
    rng = random.Random(1)
    whole = [encode(two_colors(), form) for form in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")]
    for _ in range(300):
        data = bytearray(rng.choice(whole))
        for _ in range(rng.randint(1, 20)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        with contextlib.suppress(PhotoError):
            assert read_photo(bytes(data)).shape[2] == 3


def test_a_pipe_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError, match="not a regular file"):
        read_photo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError, match="can't be opened"):
        read_photo(tmp_path / "none.jpg")


def test_resize_gives_a_square() -> None:
    assert resize_photo(np.zeros((30, 50, 3), np.uint8), 20).shape == (20, 20, 3)
    assert resize_photo(np.zeros((10, 12, 3), np.uint8), 20).shape == (20, 20, 3)


def test_a_cast_is_read_from_the_folder_names(tmp_path: Path) -> None:
    names = ["Zoë", "王小明", "anna  b", "Мария"]
    for i, name in enumerate(names):
        save_noise(tmp_path / name / "1.jpg", i)
    save_noise(tmp_path / "Zoë" / "2019" / "deep.png", 9)
    save_noise(tmp_path / ".hidden" / "1.jpg", 10)
    save_noise(tmp_path / "Zoë" / ".DS_Store.jpg", 11)
    save_noise(tmp_path / "stray.jpg", 12)
    (tmp_path / "Empty").mkdir()
    found = find_cast(tmp_path)
    assert found.people == tuple(sorted(names))
    assert [photo.path.name for photo in found.photos if photo.person == "Zoë"] == ["1.jpg", "deep.png"]
    assert len(found.photos) == 5
    assert any("1 file beside" in str(note) for note in found.notes)
    assert any("'Empty' holds no photo" in str(note) for note in found.notes)


def test_one_person_is_a_cast(tmp_path: Path) -> None:
    save_noise(tmp_path / "Ann" / "1.jpg", 1)
    assert find_cast(tmp_path).people == ("Ann",)


def test_links_that_loop_end(tmp_path: Path) -> None:
    save_noise(tmp_path / "Ann" / "1.jpg", 1)
    (tmp_path / "Ann" / "again").symlink_to(tmp_path / "Ann", target_is_directory=True)
    (tmp_path / "Ann" / "all").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "Ann" / "broken.jpg").symlink_to(tmp_path / "missing.jpg")
    assert [photo.path.name for photo in find_cast(tmp_path).photos] == ["1.jpg"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this system has no such folder")
def test_no_link_leads_to_files_without_an_end(tmp_path: Path) -> None:
    save_noise(tmp_path / "Ann" / "1.jpg", 1)
    (tmp_path / "Ann" / "system").symlink_to("/proc/self", target_is_directory=True)
    told: list[Message] = []
    assert [path.name for path in find_photos([tmp_path], tell=told.append)] == ["1.jpg"]
    assert [message.code for message in told] == ["folders-of-systems"]
    for place in ("/proc", "/dev", tmp_path / "Ann" / "system"):
        with pytest.raises(CastError, match="There is no photo: Folders of the system"):
            find_photos([place])


@pytest.mark.parametrize("other", ["ANN", "ａnn", "ann"])
def test_names_that_differ_only_by_case_or_form_are_refused(tmp_path: Path, other: str) -> None:
    save_noise(tmp_path / "Ann" / "1.jpg", 1)
    save_noise(tmp_path / other / "1.jpg", 2)
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system knows no case")
    with pytest.raises(CastError, match="differ only by case"):
        find_cast(tmp_path)


@pytest.mark.parametrize("name", ["unknown", "Unknown", "all", "", " ", ".x", "a/b", "a\nb"])
def test_names_that_nobody_can_have(name: str) -> None:
    with pytest.raises(CastError, match="Nobody can be called"):
        check_person(name)


NOT_EVERYWHERE = ["CON", "nul.txt", "Com1", "LPT¹.a.b", "aux ", "A\u200bnn"]
NOT_EVERYWHERE += ["\u2060", "\u3164", "\u2800", "\u200d", "An\u200en", "a\ufeffb", "so\u00adft"]


@pytest.mark.parametrize("name", NOT_EVERYWHERE)
def test_nobody_new_is_called_what_another_system_or_the_eye_cannot_hold(name: str) -> None:
    with pytest.raises(CastError, match="Nobody can be called"):
        settle_name(name, ("Bea", "Bo"))
    if one_form(name):
        assert settle_name(name, (one_form(name),)) == one_form(name), "who is called so already keeps the name"


def test_a_folder_with_such_a_name_is_learnt_and_told(tmp_path: Path) -> None:
    save_noise(tmp_path / "Ann" / "1.jpg", 1)
    save_noise(tmp_path / "Bo\u200bb" / "1.jpg", 2)
    found = find_cast(tmp_path)
    assert found.people == ("Ann", "Bo\u200bb")
    assert [(note.code, note.values["name"]) for note in found.notes] == [("cast-name-here", "Bo\u200bb")]


def test_names_that_are_people_s() -> None:
    for name in (
        "Conny",
        "小滿",
        "Nullah",
        "O'Neil",
        "Ann-Lee",
        "J. R. Smith",
        "Sammy Davis Jr.",
        'Dwayne "The Rock" Johnson',
        "علی\u200cرضا",
        "葛\U000e0100",
        "COM10",
        "ക്\u200d",
    ):
        assert settle_name(name, ()) == name
    assert one_form("\ufeffAnn\u200b \u200e") == "Ann"
    assert settle_name("An\u200bn", ("An\u200bn", "Bo")) == "An\u200bn"
    with pytest.raises(CastError, match="differ only"):
        settle_name("علیرضا", ("علی\u200cرضا",))


def test_folders_of_strangers_are_passed_over_unless_there_is_nobody_else(tmp_path: Path) -> None:
    for name in ("unknown", "Strangers", "all", "nobody"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").touch()
    with pytest.raises(CastError, match=r"no person in .*: The folder '.*' is nobody's by its name"):
        find_cast(tmp_path)
    (tmp_path / "Ann").mkdir()
    (tmp_path / "Ann" / "1.jpg").touch()
    found = find_cast(tmp_path)
    assert found.people == ("Ann",)
    assert sorted(str(note.values["name"]) for note in found.notes) == ["Strangers", "all", "nobody", "unknown"]


def test_folders_that_are_no_cast(tmp_path: Path) -> None:
    with pytest.raises(CastError, match="is not a folder"):
        find_cast(tmp_path / "none")
    with pytest.raises(CastError, match="no person"):
        find_cast(tmp_path)
    save_noise(tmp_path / "1.jpg", 1)
    with pytest.raises(CastError, match=r"no person.*holds files"):
        find_cast(tmp_path)


def test_the_order_of_the_file_system_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i, name in enumerate(("c", "a", "b")):
        save_noise(tmp_path / name / "2.jpg", i)
        save_noise(tmp_path / name / "1.jpg", i + 5)
    before = find_cast(tmp_path)
    listed = Walk.entries
    monkeypatch.setattr(Walk, "entries", lambda walk, folder: reversed(list(listed(walk, folder))))
    assert find_cast(tmp_path) == before
    assert before.people == ("a", "b", "c")


def test_inputs_may_be_files_folders_and_patterns(tmp_path: Path) -> None:
    a, b = save_noise(tmp_path / "a.jpg", 1), save_noise(tmp_path / "more" / "b.png", 2)
    assert find_photos([a, tmp_path]) == [a, b]
    assert find_photos([str(tmp_path / "**" / "*.png")]) == [b]
    with pytest.raises(CastError, match="neither a file"):
        find_photos([tmp_path / "x*.jpg"])


@pytest.mark.photos
def test_hard_files(photos_folder: Path) -> None:
    refused = {}
    files = find_photos([photos_folder / "hard"])
    for path in files:
        try:
            assert read_photo(path).dtype == np.uint8
        except PhotoError as error:
            refused[path.name] = str(error)
    assert sorted(refused) == ["broken.png"]  # truncated_jpeg.jpg lacks its very last byte
    assert len(files) >= 44
    assert read_photo(photos_folder / "hard/exif_rotated/Portrait_5.jpg").shape == (1800, 1200, 3)

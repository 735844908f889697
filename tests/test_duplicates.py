from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from castlist.drawn import draw_cast
from castlist.duplicates import DuplicatePair, PhotoSignature, find_duplicates, group_photos, sign_photo
from castlist.errors import ShapeError
from castlist.media import read_photo


def make_scene(seed: int, size: tuple[int, int] = (200, 160)) -> np.ndarray:
    """A picture with detail of every size, as photos have: smooth noise in octaves, and a few discs."""
    random = np.random.default_rng(seed)
    scene = np.zeros((*size, 3), np.float32)
    for cells in (3, 6, 12, 24, 48):
        noise = random.normal(size=(cells, cells, 3)).astype(np.float32)
        scene += cv2.resize(noise, size[::-1], interpolation=cv2.INTER_CUBIC) * 60 / cells**0.5
    scene = np.clip(128 + scene, 0, 255).astype(np.uint8)
    for _ in range(6):
        center = tuple(int(random.integers(length)) for length in size[::-1])
        cv2.circle(scene, center, int(random.integers(8, 30)), random.integers(0, 255, 3).tolist(), -1)
    return scene


def sign(pixels: np.ndarray) -> PhotoSignature:
    return sign_photo(np.ascontiguousarray(pixels).tobytes(), pixels)


def save_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return read_photo(file.getvalue())


def write_text(pixels: np.ndarray) -> np.ndarray:
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 168, 160, 200), fill="black")
    draw.text((8, 172), "Evening News", "white", ImageFont.load_default(20))
    return np.asarray(image)


SCENES = [make_scene(seed) for seed in range(12)]
COPIES = {
    "smaller": (lambda p: cv2.resize(p, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA), "near"),
    "larger": (lambda p: cv2.resize(p, None, fx=2, fy=2), "near"),
    "squeezed": (lambda p: cv2.resize(p, (160, 160)), "near"),
    "recompressed": (lambda p: save_jpeg(p, 30), "near"),
    "cropped": (lambda p: p[20:190, 20:156], "crop"),
    "cropped and shifted": (lambda p: p[57:197, 3:115], "crop"),
    "mirrored": (lambda p: p[:, ::-1], "mirror"),
    "mirrored and cropped": (lambda p: p[30:190, 145:10:-1], "mirror"),
    "greyscale": (lambda p: np.repeat(p.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2), "near"),
    "darker": (lambda p: (p * 0.4).astype(np.uint8), "near"),
    "written on": (write_text, "near"),
}


@pytest.mark.parametrize("name", COPIES)
def test_altered_copy_is_found_and_nothing_else(name: str) -> None:
    alter, kind = COPIES[name]
    pairs = find_duplicates([sign(pixels) for pixels in [*SCENES, alter(SCENES[4])]])
    assert [(pair.first, pair.second, pair.kind) for pair in pairs] == [(4, 12, kind)]
    assert 0.8 <= pairs[0].similarity <= 1.0


def test_two_overlapping_crops_of_one_photo_are_found() -> None:
    crops = [SCENES[0][:170, :140], SCENES[0][30:, 20:]]
    pairs = find_duplicates([sign(pixels) for pixels in [*crops, *SCENES[1:]]])
    assert [(pair.first, pair.second) for pair in pairs] == [(0, 1)]


def test_two_shots_before_one_background_are_not_duplicates() -> None:
    other = SCENES[0].copy()
    other[50:, 30:130] = make_scene(99)[50:, 30:130]  # who stands there is another
    moved = SCENES[0].copy()
    moved[50:, 30:130] = SCENES[0][50:, 15:115]  # or has taken a step
    assert find_duplicates([sign(SCENES[0]), sign(other)]) == []
    assert find_duplicates([sign(SCENES[0]), sign(moved)]) == []


def test_equal_files_are_paired_with_the_first() -> None:
    pairs = find_duplicates([sign(SCENES[index]) for index in (0, 1, 0, 2, 0)])
    assert pairs == [DuplicatePair(0, 2, "exact", 1.0), DuplicatePair(0, 4, "exact", 1.0)]


def test_blank_photos_are_duplicates_only_as_equal_files() -> None:
    blanks = [np.full((50, 50, 3), level, np.uint8) for level in (255, 250, 0, 255)]
    assert [(pair.first, pair.second) for pair in find_duplicates([sign(pixels) for pixels in blanks])] == [(0, 3)]


def test_figures_on_plain_ground_stay_apart() -> None:
    drawings = []
    for seed in range(10):
        points = np.random.default_rng(seed).integers(15, 85, (5, 2))
        drawings.append(cv2.fillPoly(np.full((100, 100, 3), 255, np.uint8), [points.astype(np.int32)], (200, 30, 30)))
    assert find_duplicates([sign(pixels) for pixels in drawings]) == []


def test_drawn_heroes_stay_apart(tmp_path: Path) -> None:
    draw_cast(tmp_path, pictures_per_person=6, size=96)
    pictures = [read_photo(file) for file in sorted(tmp_path.rglob("*.*"))]
    assert len(pictures) == 42
    assert find_duplicates([sign(pixels) for pixels in pictures]) == []


def test_copies_are_found_among_more_photos_than_are_looked_at_closely() -> None:
    scenes = [make_scene(seed, (64, 64)) for seed in range(120)]
    copies = [scene[4:60, 8:60] for scene in scenes[::30]]
    pairs = find_duplicates([sign(pixels) for pixels in [*scenes, *copies]])
    assert [(pair.first, pair.second) for pair in pairs] == [(0, 120), (30, 121), (60, 122), (90, 123)]


def test_order_of_photos_does_not_matter() -> None:
    signatures = [sign(pixels) for pixels in [*SCENES[:6], SCENES[2][20:180, 20:150], SCENES[5][:, ::-1]]]
    forward = {(pair.first, pair.second) for pair in find_duplicates(signatures)}
    backward = {(7 - pair.second, 7 - pair.first) for pair in find_duplicates(signatures[::-1])}
    assert forward == backward == {(2, 6), (5, 7)}


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_photos_have_no_duplicates(n: int) -> None:
    assert find_duplicates([sign(pixels) for pixels in SCENES[:n]]) == []


def test_sizes_below_the_thumbnail_and_single_rows_are_signed() -> None:
    for shape in ((1, 1, 3), (1, 500, 3), (40, 30, 3)):
        signature = sign(np.zeros(shape, np.uint8))
        assert signature.thumbnail.shape == (96, 96)
        assert (signature.height, signature.width) == shape[:2]


def test_signature_refuses_what_is_no_photo() -> None:
    for pixels in (np.zeros((5, 5), np.uint8), np.zeros((5, 5, 3), np.float32), np.zeros((0, 5, 3), np.uint8)):
        with pytest.raises(ShapeError, match="shape"):
            sign_photo(b"", pixels)


def test_groups_join_through_others_and_are_numbered_in_order() -> None:
    pairs = [DuplicatePair(a, b, "near", 0.9) for a, b in ((3, 5), (1, 4), (0, 5))]
    assert group_photos(7, pairs).tolist() == [0, 1, 2, 0, 1, 0, 3]
    assert group_photos(3, []).tolist() == [0, 1, 2]
    assert group_photos(0, []).shape == (0,)


@pytest.mark.photos
def test_equal_files_among_real_photos(photos_folder: Path) -> None:
    files = sorted(file for file in (photos_folder / "scenes5").rglob("*") if file.is_file())
    data = [file.read_bytes() for file in files]
    pairs = find_duplicates([sign_photo(content, read_photo(content)) for content in data])
    exact = [pair for pair in pairs if pair.kind == "exact"]
    assert len(exact) == 5
    assert all(data[pair.first] == data[pair.second] for pair in exact)

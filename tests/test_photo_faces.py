"""Faces of a photo that is decoded small are those of the whole photo, cropped as sharply."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from castlist.embeddings import embed
from castlist.faces import (
    DEFAULT_TEMPLATE,
    Face,
    Template,
    crop_face,
    decode_to_find,
    find_faces,
    find_photo_faces,
)
from castlist.media import open_photo
from castlist.testing import make_face

FAR, NEAR = 300, 700  # pixels of a picture, of which the face is a third


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    """NASA's portrait of Eileen Collins, in the public domain; scikit-image ships it."""
    pytest.importorskip("skimage", reason="the portrait is in scikit-image")
    from skimage.data import astronaut

    return np.asarray(astronaut())[:260, 90:350]


def phone_photo(portrait: np.ndarray, *sides: int, orientation: int = 1) -> bytes:
    """A JPG of three megapixels with the portrait in it, once in each of these sizes."""
    paper = np.full((1499, 2001, 3), 120, np.uint8)
    left = 50
    for side in sides:
        paper[300 : 300 + side, left : left + side] = cv2.resize(portrait, (side, side), interpolation=cv2.INTER_CUBIC)
        left += side + 100
    image = Image.fromarray(paper)
    turns = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    if orientation in turns:
        image = image.transpose(turns[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = io.BytesIO()
    image.save(content, "JPEG", quality=92, exif=exif)
    return content.getvalue()


def edges(face: Face) -> tuple[float, float, float, float]:
    return face.box.left, face.box.top, face.box.right, face.box.bottom


def assert_same(found: list[Face], expected: list[Face]) -> None:
    assert len(found) == len(expected) > 0
    for face, other in zip(found, expected, strict=True):
        assert edges(face) == pytest.approx(edges(other), abs=0.05 * other.box.width)
        assert face.landmarks == pytest.approx(other.landmarks, abs=0.05 * other.quality.eye_distance)
        assert face.quality.eye_distance == pytest.approx(other.quality.eye_distance, rel=0.05)
        assert face.quality.sharpness == pytest.approx(other.quality.sharpness, abs=0.02)
        assert embed(face.pixels[None])[0] @ embed(other.pixels[None])[0] > 0.97


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_faces_are_found_in_a_smaller_picture_where_they_are_in_the_whole(
    portrait: np.ndarray, orientation: int
) -> None:
    photo = open_photo(phone_photo(portrait, NEAR, orientation=orientation))
    assert decode_to_find(photo).scale == 2
    assert_same(find_photo_faces(photo), find_faces(photo.decode().pixels))


def test_a_face_too_small_for_its_crop_is_cut_out_of_a_larger_picture(portrait: np.ndarray) -> None:
    photo = open_photo(phone_photo(portrait, NEAR, FAR))
    near, far = found = find_photo_faces(photo)
    whole, seen = photo.decode(), decode_to_find(photo)
    assert_same(found, find_faces(whole.pixels))
    assert far.quality.eye_distance < 2 * DEFAULT_TEMPLATE.eye_distance < near.quality.eye_distance
    assert np.array_equal(near.pixels, crop_face(seen.pixels, seen.from_photo(near.landmarks)))
    assert np.array_equal(far.pixels, crop_face(whole.pixels, far.landmarks))


def test_smaller_faces_are_looked_for_in_a_larger_picture(portrait: np.ndarray) -> None:
    photo = open_photo(phone_photo(portrait, 120))
    assert decode_to_find(photo).scale == 2
    assert decode_to_find(photo, 40).scale == 1
    assert find_photo_faces(photo) == []
    assert_same(find_photo_faces(photo, min_face=40), find_faces(photo.decode().pixels, min_face=40))


def test_whatever_finds_faces_tells_of_the_picture_that_it_was_given(portrait: np.ndarray) -> None:
    def finder(pixels: np.ndarray, *, min_face: float | None, template: Template) -> list[Face]:
        assert min_face == pytest.approx(0.06 * 1499 / 2)
        assert pixels.shape == (750, 1001, 3)
        return [make_face(7, left=150, top=250, template=template)]

    (face,) = find_photo_faces(open_photo(phone_photo(portrait, NEAR)), finder=finder)
    assert edges(face) == (320, 520, 480, 680)
    assert face.pixels.std() > 0  # of the photo, at that place


def test_a_photo_without_a_sure_face_is_looked_at_once_more_in_a_larger_picture(portrait: np.ndarray) -> None:
    widths = []

    def finder(pixels: np.ndarray, *, min_face: float | None, template: Template) -> list[Face]:
        widths.append(pixels.shape[1])
        face = make_face(7, left=150, top=250, template=template)
        return [replace(face, confidence=0.9 if len(widths) == 1 else 1.0)]

    photo = open_photo(phone_photo(portrait, NEAR))
    (face,) = find_photo_faces(photo, min_face=70, finder=finder)  # 35 of its pixels at a half, 48 are wanted
    assert widths == [1001, 2001]
    assert edges(face) == (160, 260, 240, 340)
    widths.clear()
    find_photo_faces(photo, min_face=200, finder=finder)  # 50 at a quarter: no network could see more
    assert len(widths) == 1
    widths.clear()
    beside = make_face(7, left=300, top=250)

    def two(pixels: np.ndarray, **wishes: Any) -> list[Face]:
        return [replace(beside, confidence=0.6), *finder(pixels, **wishes), replace(beside, confidence=1.0)]

    assert len(find_photo_faces(photo, min_face=70, finder=two)) == 3
    assert len(widths) == 1, "one sure face is enough"

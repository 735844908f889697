from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from castlist.embeddings import default_network, normalize
from castlist.errors import SettingsError
from castlist.faces import Box, Face, crop_face, find_faces
from castlist.gallery import Gallery, default_background
from castlist.media import read_photo
from castlist.naming import NamedFace
from castlist.painting.hiding import check_hidden, hide_faces, is_hidden

ANNA = NamedFace("Anna", 0.9, (("unknown", 0.08), ("Ben", 0.02)))
STRANGER = NamedFace("unknown", 0.6, (("Ben", 0.3), ("Anna", 0.01)))


@pytest.mark.parametrize(
    ("hidden", "anna", "stranger"),
    [(None, False, False), ("all", True, True), ("unknown", False, True), ("Anna", True, False), ("Ben", False, True)],
)
def test_who_is_hidden(hidden: str | None, anna: bool, stranger: bool) -> None:
    """A stranger who might be Ben is hidden with Ben; Anna, who surely isn't a stranger, is not hidden with them."""
    assert (is_hidden(ANNA, hidden), is_hidden(STRANGER, hidden)) == (anna, stranger)


def test_only_somebody_who_is_there_can_be_hidden() -> None:
    for word in ("unknown", "all", "Anna"):
        check_hidden(word, ["Anna"])
    with pytest.raises(SettingsError, match=r"Nobody here is called 'Carl'. Choose from: unknown, all, Anna."):
        check_hidden("Carl", ["Anna"])


def test_nothing_but_rough_color_is_left_of_a_head() -> None:
    """Two heads that differ in every pixel, but not in their rough colors, look the same when they are hidden."""
    box = Box(100, 90, 160, 170)
    rows, columns = np.mgrid[0:260, 0:260]
    checks = ((rows // 2 + columns // 2) % 2)[..., None]
    head = np.array([150, 110, 90])
    one, other = (np.uint8(head + 60 * (checks - 0.5) * sign + [[[0, 5, 8]]]) for sign in (1, -1))
    hidden = [hide_faces(pixels, [box]).astype(int) for pixels in (one, other)]
    inside = ((columns - 129.5) / 54) ** 2 + ((rows - 129.5) / 64) ** 2 < 1  # around the box, a third of its size more
    assert np.abs(one.astype(int) - other)[inside].min() > 50
    assert np.abs(hidden[0] - hidden[1])[inside].max() <= 8
    steps = np.abs(np.diff(hidden[0], axis=0))[inside[1:]]
    assert steps.max() <= 4, "no edges are left"


def test_the_rest_of_the_picture_stays() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (200, 300, 3)).astype(np.uint8)
    before = pixels.copy()
    hidden = hide_faces(pixels, [Box(100, 60, 140, 110)])
    assert (pixels == before).all(), "the photo itself isn't touched"
    assert (hidden[60:110, 100:140] != pixels[60:110, 100:140]).any(axis=2).mean() > 0.95
    assert (hidden[:, :60] == pixels[:, :60]).all()
    assert (hidden[:, 180:] == pixels[:, 180:]).all()
    assert (hide_faces(pixels, []) == pixels).all()


@pytest.mark.parametrize("box", [Box(-30, -40, 10, 20), Box(290, 190, 340, 260), Box(5, 5, 5, 5), Box(400, 0, 450, 50)])
def test_faces_at_the_edge_and_beyond_are_no_trouble(box: Box) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (200, 300, 3)).astype(np.uint8)
    hidden = hide_faces(pixels, [box])
    inside = box.clipped(300, 200)
    region = (slice(int(inside.top), int(inside.bottom)), slice(int(inside.left), int(inside.right)))
    assert not hidden[region].size or (hidden[region] != pixels[region]).any(axis=2).mean() > 0.95


@pytest.mark.photos
@pytest.mark.parametrize("turn", [0, 1])
def test_nobody_is_recognized_once_hidden(photos_folder: Path, turn: int) -> None:
    """castlist's own detector and network look at where the faces were: nobody is named rightly any more."""
    network = default_network()
    people = sorted(path.name for path in (photos_folder / "avengers7").iterdir() if path.is_dir())
    clear, hidden, person = [], [], []
    for index, name in enumerate(people):
        for path in sorted((photos_folder / "avengers7" / name).iterdir())[:8]:
            pixels = np.ascontiguousarray(np.rot90(read_photo(path), turn))
            if not (faces := find_faces(pixels)):
                continue
            covered = hide_faces(pixels, [face.box for face in faces])
            assert not recognized(covered, faces), f"{path.name}: is found where it was hidden"
            clear.append(faces[0].pixels)
            hidden.append(crop_face(covered, faces[0].landmarks))
            person.append(index)
    known = np.arange(len(person)) % 2 == 0
    embeddings = network.embed(np.stack(clear))
    gallery = Gallery.fit(people, embeddings[known], np.array(person)[known], [str(i) for i in np.flatnonzero(known)])
    asked = np.array(person)[~known]
    assert (gallery.answer(embeddings[~known]).named == asked).mean() > 0.85, "they are known when they can be seen"
    answers = gallery.answer(network.embed(np.stack(hidden))[~known])
    assert (answers.named == asked).mean() < 0.05
    assert (answers.gains.argmax(axis=1) == asked).mean() < 0.4, "of seven people, one in seven is chance"


@pytest.mark.photos
def test_groups_are_hidden_whole(photos_folder: Path) -> None:
    groups = sorted((photos_folder / "hard" / "group").iterdir())
    assert groups
    for path in groups:
        pixels = read_photo(path)
        faces = find_faces(pixels, min_face=20)
        assert faces
        assert not recognized(hide_faces(pixels, [face.box for face in faces]), faces), path.name


def recognized(covered: np.ndarray, faces: list[Face]) -> bool:
    """Whether the detector still finds a face where one was hidden, and the network finds it alike."""
    network, mean = default_network(), default_background().mean
    for again in find_faces(covered):
        for face in faces:
            x = abs(again.box.left + again.box.right - face.box.left - face.box.right)
            y = abs(again.box.top + again.box.bottom - face.box.top - face.box.bottom)
            if x < face.box.width and y < face.box.height:
                one, other = normalize(network.embed(np.stack([again.pixels, face.pixels])) - mean)
                if one @ other > 0.35:  # of strangers, one in a hundred is so alike
                    return True
    return False

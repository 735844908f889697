"""People told by faces that were named in other programs: learnt, checked, forgotten, with several in one photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from castlist.checks import check_photos
from castlist.drawn import HEROES, draw_group
from castlist.errors import CastError
from castlist.faces import Box, find_faces, find_marked_face, match_faces
from castlist.learning import learn
from castlist.media import Tags, find_marked_cast, make_tags, open_photo
from castlist.media.regions.packet import EMPTY
from castlist.media.regions.writing import change
from castlist.naming import overlap
from castlist.people import forget, refresh

PEOPLE = tuple(sorted(HEROES[:3]))


def grown(box: Box, by: float = 0.2) -> tuple[float, float, float, float]:
    """A box as another program draws it: larger, and higher."""
    more = box.width * by
    return box.left - more, box.top - 2 * more, box.right + more, box.bottom


def mark(photo: Path, tags: Tags, *, own: bool = False) -> None:
    """Put names into a sidecar, as another program does it; or as castlist."""
    data = change(EMPTY, tags).data
    if not own:
        data = data.replace(b"<mwg-rs:Description>castlist</mwg-rs:Description>", b"")
    photo.with_name(photo.name + ".xmp").write_bytes(data)


def draw(folder: Path, count: int) -> list[tuple[Path, list[Box]]]:
    """Group photos in which the people stand in ever another order, each face marked with its name."""
    drawn = []
    for i in range(count):
        order = [PEOPLE[(i + k * (1 + i % 2)) % 3] for k in range(3)]
        pixels = draw_group(order, size=240, seed=i)
        boxes = sorted((face.box for face in find_faces(pixels)), key=lambda box: box.left)
        if len(boxes) != 3:
            continue
        photo = folder / "holiday" / f"{i}.png"
        photo.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(photo)
        named = [(name, grown(box)) for name, box in zip(order, boxes, strict=True)]
        mark(photo, make_tags(named, pixels.shape[1::-1], 1))
        drawn.append((photo, boxes))
    return drawn


def test_a_marked_cast_is_learnt_checked_and_forgotten(tmp_path: Path) -> None:
    drawn = draw(tmp_path / "photos", 9)
    assert len(drawn) >= 6
    cast = find_marked_cast(tmp_path / "photos")
    assert cast.people == PEOPLE and len(cast.photos) == 3 * len(drawn)
    run, evaluation = learn(cast, runs=tmp_path / "runs", name="marked")
    assert run.from_regions and not [note for note in run.notes if note.code == "photos-of-two"]
    sides = {side: {file.partition("/")[2] for file in files} for side, files in run.sides.items()}
    assert sides["test"] and not sides["test"] & sides["train"], "all faces of a photo are on one side"
    assert evaluation is not None and evaluation.accuracy > 0.7, "whom the marks name, not the largest face"
    assert all((path := run.photo_path(file)) and path.is_file() for files in run.sides.values() for file in files)
    assert b"data:image/jpeg" in run.report_path.read_bytes()
    kinds = set(check_photos(tmp_path / "photos", from_regions=True).counts)
    assert kinds == set(check_photos(tmp_path / "photos", from_regions=True).counts), "kept or not, the same is found"
    assert not kinds & {"two-names", "several-faces", "no-face"}
    assert refresh(run.path).photos == 3 * len(drawn)
    forget(run.path, PEOPLE[0])
    assert PEOPLE[0].encode() not in (run.path / "run.json").read_bytes()


def test_who_is_in_a_cast_of_marks(tmp_path: Path) -> None:
    def photo(name: str) -> Path:
        Image.new("RGB", (200, 100)).save(tmp_path / f"{name}.png")
        return tmp_path / f"{name}.png"

    box = (10.0, 10.0, 60.0, 60.0)
    mark(photo("a"), make_tags([("Ann", box), ("a/b", (100.0, 10.0, 150.0, 60.0))], (200, 100), 1))
    mark(photo("b"), make_tags([("ann", box)], (200, 100), 1))
    mark(photo("own"), make_tags([("Bo", box)], (200, 100), 1), own=True)
    (photo("takeout").with_name("takeout.png.json")).write_text('{"people": [{"name": "Cy"}]}', "utf-8")
    (tmp_path / "b.png.json").write_text('{"people": [{"name": "Dora"}]}', "utf-8")  # she has no place, others have
    for name in ("broken", "torn"):
        (tmp_path / f"{name}.jpg").write_text("no photo")
    cast = find_marked_cast(tmp_path)
    assert [(one.person, one.path.name, one.mark is not None) for one in cast.photos] == [
        *(("Ann", "a.png", True), ("Ann", "b.png", True), ("Cy", "takeout.png", False))
    ]
    assert [note.code for note in cast.notes] == ["region-passed-over", "marked-unread"]
    assert "2 files can't be read" in str(cast.notes[1])
    (tmp_path / "nothing").mkdir()
    photo("nothing/c")
    for path, code in ((tmp_path / "own.png", "marked-no-folder"), (tmp_path / "nothing", "marked-nobody")):
        with pytest.raises(CastError) as refused:
            find_marked_cast(path)
        assert refused.value.message.code == code
    mark(tmp_path / "nothing" / "c.png", make_tags([("a/b", box)], (200, 100), 1))
    with pytest.raises(CastError, match=r"Nobody whom other programs name .* could be taken\. .*a/b"):
        find_marked_cast(tmp_path / "nothing")


def test_a_mark_is_matched_to_the_face_in_it() -> None:
    faces = [Box(0, 0, 10, 10), Box(20, 0, 30, 10)]
    marks = [Box(19, -4, 32, 11), Box(40, 0, 50, 10), Box(-1, -1, 12, 12), Box(0, 0, 100, 100)]
    assert match_faces(marks, faces) == [1, None, 0, None]


def test_a_marked_face_is_found_where_it_is_marked(tmp_path: Path) -> None:
    ((photo, boxes),) = draw(tmp_path, 1)
    for box in boxes:
        found = find_marked_face(open_photo(photo), Box(*grown(box)))
        assert overlap(found.box, box) > 0.7 and found.confidence > 0
        assert all(box.left < x < box.right and box.top < y < box.bottom for x, y in found.landmarks)
    wall = Box(2, 2, 42, 42)
    assumed = find_marked_face(open_photo(photo), wall)
    assert assumed.confidence == 0 and assumed.box == wall and assumed.pixels.shape == (112, 112, 3)
    assert np.all((assumed.landmarks > 2) & (assumed.landmarks < 42))

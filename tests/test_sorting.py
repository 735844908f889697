"""Photos are sorted into folders by who is in them; nothing is moved, overwritten, or written twice."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from castlist import sorting
from castlist.errors import CastlistError, Message, PhotoError
from castlist.faces import Box
from castlist.naming import NamedFace, NamedPhoto
from castlist.predicting import Remark
from castlist.sorting import SortedPhoto, put, sort_photos
from conftest import save_noise


class NamesByStem:
    """Names a photo's faces as its name tells: "Ann+Bo", "unknown", "empty"."""

    network = None
    face_network = "one"
    run = SimpleNamespace(people=("Ann", "Bo"))

    def name_photos(self, paths: list[Path], *, repeat: bool, thorough: bool) -> Iterator[NamedPhoto]:
        for path in paths:
            names = [] if path.stem == "empty" else path.stem.split("+")
            faces = tuple(NamedFace(name, 0.9, (), Box(10 * i, 1, 10 * i + 9, 9)) for i, name in enumerate(names))
            broken = Message("photo-empty", "the file is empty") if path.stem == "broken" else None
            yield NamedPhoto(path, () if broken else faces, broken)


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    names = ("Ann.jpg", "Ann+Bo.jpg", "unknown.jpg", "Bo+unknown.png", "empty.jpg", "broken.jpg", "more/Ann.jpg")
    paths = [save_noise(tmp_path / "photos" / name, i) for i, name in enumerate(names)]
    for path in paths:
        os.utime(path, (1e9, 1e9))
    return paths


def there(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


EXPECTED = [
    "Ann/Ann+Bo.jpg",
    "Ann/Ann-2.jpg",
    "Ann/Ann.jpg",
    "Bo/Ann+Bo.jpg",
    "Bo/Bo+unknown.png",
    "nobody/empty.jpg",
    "unknown/unknown.jpg",
]


@pytest.mark.parametrize("link", [False, True])
def test_photos_are_where_their_people_are(tmp_path: Path, photos: list[Path], link: bool) -> None:
    before = there(tmp_path / "photos")
    done = list(sort_photos(photos, NamesByStem(), tmp_path / "out", link=link))
    assert [one.path for one in done if isinstance(one, Remark)] == [photos[5]]
    assert [one.folders for one in done if isinstance(one, SortedPhoto)][:2] == [("Ann",), ("Ann", "Bo")]
    assert list(there(tmp_path / "out")) == EXPECTED
    assert there(tmp_path / "photos") == before
    group = tmp_path / "out" / "Ann" / "Ann+Bo.jpg"
    assert group.samefile(photos[1]) == link
    assert group.stat().st_mtime == 1e9


def test_a_second_time_nothing_is_written_twice(tmp_path: Path, photos: list[Path]) -> None:
    list(sort_photos(photos, NamesByStem(), tmp_path / "photos" / "out"))
    first = there(tmp_path / "photos" / "out")
    every = [*photos, *(path for path in (tmp_path / "photos" / "out").rglob("*") if path.is_file())]
    again = list(sort_photos(reversed(every), NamesByStem(), tmp_path / "photos" / "out"))
    assert [one.written for one in again if isinstance(one, SortedPhoto)] == [0] * 6
    assert there(tmp_path / "photos" / "out") == first


def test_photos_are_not_sorted_into_where_they_lie(tmp_path: Path, photos: list[Path]) -> None:
    with pytest.raises(CastlistError, match="All of the photos lie in"):
        list(sort_photos(photos, NamesByStem(), photos[0].parent))


def test_what_is_there_is_never_overwritten(tmp_path: Path, photos: list[Path], monkeypatch) -> None:
    own = tmp_path / "out" / "Ann" / "Ann.jpg"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    (tmp_path / "out" / "Ann" / "Ann-2.jpg").symlink_to(tmp_path / "nowhere")
    monkeypatch.setattr(os, "link", refuse)  # as on a disk without links
    list(sort_photos(photos[:1], NamesByStem(), tmp_path / "out"))
    assert own.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    assert (tmp_path / "out" / "Ann" / "Ann-3.jpg").read_bytes() == photos[0].read_bytes()
    linked = list(sort_photos(photos[1:2], NamesByStem(), tmp_path / "out", link=True))
    assert [type(one) for one in linked] == [Remark]


def refuse(*_: object) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_one_that_can_t_be_put_there_costs_no_other(tmp_path: Path, photos: list[Path]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "Ann").write_text("a file")
    done = list(sort_photos(photos, NamesByStem(), tmp_path / "out"))
    assert [one.path for one in done if isinstance(one, Remark)] == [photos[0], photos[1], photos[5], photos[6]]
    assert "Bo/Bo+unknown.png" in there(tmp_path / "out")
    with pytest.raises(CastlistError, match="can't be written"):
        list(sort_photos(photos, NamesByStem(), tmp_path / "out" / "Ann" / "deeper"))


def test_somebody_called_nobody_has_a_folder_alone(tmp_path: Path, photos: list[Path], monkeypatch) -> None:
    monkeypatch.setattr(NamesByStem, "run", SimpleNamespace(people=("nobody",)))
    (one,) = sort_photos(photos[4:5], NamesByStem(), tmp_path / "out")
    assert one.folders == ("nobody_",)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only systems that fork")
@pytest.mark.parametrize("call", ["link", "unlink", "fsync"])
def test_killed_in_the_middle_it_goes_on(tmp_path: Path, photos: list[Path], call: str) -> None:
    for number in range(1, 8):
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        child = os.fork()
        if child == 0:
            kill_at(call, number)
            list(sort_photos(photos, NamesByStem(), tmp_path / "out"))
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        list(sort_photos(photos, NamesByStem(), tmp_path / "out"))
        assert list(there(tmp_path / "out")) == EXPECTED


def kill_at(name: str, number: int) -> None:
    """Let this process be killed just before its so manieth call."""
    left, call = [number], getattr(os, name)

    def dying(*args: object, **named: object) -> object:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **named)

    setattr(sorting.os, name, dying)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_pipe_in_place_of_a_photo_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(PhotoError, match="not a regular file"):
        put(tmp_path / "a.jpg", tmp_path / "sorted")
    with pytest.raises(PhotoError, match="can't be read again"):
        put(tmp_path / "b.jpg", tmp_path / "sorted")
    assert not (tmp_path / "sorted").exists()


def test_links_that_reach_no_photo_are_refused_before_the_first(
    photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, far = os.link, photos[:1]

    def linking(source: Path, target: Path) -> None:
        if source in far:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        link(source, target)

    monkeypatch.setattr(os, "link", linking)
    told = list(sort_photos(photos, NamesByStem(), tmp_path / "some", link=True))
    assert [one.path for one in told if isinstance(one, Remark) and "one disk" in str(one.message)] == far
    far[:] = photos
    with pytest.raises(CastlistError, match="Leave --link out"):
        next(sort_photos(photos, NamesByStem(), tmp_path / "none", link=True))
    assert list((tmp_path / "none").iterdir()) == []

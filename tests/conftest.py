"""What several test files share: a drawn cast, and a run learnt from it once."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from castlist.caches import set_cache_folder
from castlist.drawn import HEROES, draw_cast
from castlist.settings import Settings

os.environ["LC_ALL"] = "C.UTF-8"  # what the tests look for is English, whatever the system speaks
PHOTOS = Path(__file__).parents[2] / "shared" / "photos"
SMALL = Settings(model="cnn", faces=False, image_size=48, batch_size=8, epochs=2, learning_rate=0.01)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not PHOTOS.is_dir():
        for item in items:
            if item.get_closest_marker("photos"):
                item.add_marker(pytest.mark.skip(reason="the real photos are not beside the project"))


@pytest.fixture(scope="session", autouse=True)
def common_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all tests keep data sets, checks and networks: not in the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    set_cache_folder(folder)
    return folder


@pytest.fixture
def own_cache(tmp_path: Path, common_cache: Path) -> Iterator[Path]:
    """A cache for one test alone."""
    set_cache_folder(tmp_path / "own cache")
    yield tmp_path / "own cache"
    set_cache_folder(common_cache)


@pytest.fixture
def photos_folder() -> Path:
    """The real photos; tests that ask for them are marked `photos`."""
    return PHOTOS


@pytest.fixture(scope="session")
def drawn_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two heroes, twelve pictures each."""
    folder = tmp_path_factory.mktemp("drawn") / "cast"
    draw_cast(folder, pictures_per_person=12, size=64, people=HEROES[:2])
    return folder


@pytest.fixture(scope="session")
def drawn_run(drawn_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on the two heroes, badly trained."""
    pytest.importorskip("keras")
    from castlist.learning.sessions import learn

    runs = tmp_path_factory.mktemp("runs")
    return learn(drawn_photos, SMALL, runs=runs, name="drawn")[0].path


@pytest.fixture
def open_home() -> Iterator[Path]:
    """A folder that other users may enter, too; whoever takes rights away in it gives them back."""
    if sys.platform == "win32":
        pytest.skip("modes of folders say nothing here")
    home = Path(tempfile.mkdtemp())
    home.chmod(0o755)
    yield home
    shutil.rmtree(home)


@contextlib.contextmanager
def not_root() -> Iterator[None]:
    """Be somebody whom the modes of files stop: root is stopped by none."""
    is_root = os.geteuid() == 0
    "".encode("cp437")  # as zip files are read by: Python itself may lie where the other may not look
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def save_noise(path: Path, seed: int, size: tuple[int, int] = (40, 30)) -> Path:
    """Write a picture like no other: noise, smoothed so that it survives JPEG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)
    return path


# The window

# Tcl aborts the process when a thread's garbage collection meets an interpreter of another thread.
KEPT: list[Any] = []


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A display: an Xvfb of the tests' own; and a cache folder, for the processes that the window starts."""
    pytest.importorskip("tkinter", reason="this Python has no tkinter")
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is missing")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as lines, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", ":" + lines.readline().strip())
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
    server.terminate()
    server.wait()


@pytest.fixture
def window(screen: None, tmp_path: Path) -> Iterator[Any]:
    import tkinter as tk

    from castlist.desktop.texts import Texts
    from castlist.desktop.window import Window

    opened = Window(tk.Tk(), Texts("en"), tmp_path / "runs")
    KEPT.append(opened)
    wait_for(opened, lambda: "Nobody is known" in opened.status.text)
    yield opened
    opened.close()


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "some pictures"
    folder.mkdir()
    paths = [folder / f"{i:02}.png" for i in range(50)]
    for i, path in enumerate(paths):
        Image.new("RGB", (100, 60), (i * 5, 90, 120)).save(path)
    return paths


def wait_for(window: Any, holds: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, (window.status.text, window.notice.text)
        window.root.update()
        time.sleep(0.002)

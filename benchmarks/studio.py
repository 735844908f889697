"""The studio's waits beside their floors: cold start, first name, a wall of many photos, a decision to the next face.

The photos are noise with dates, two faces in each: one of four people whom the run knows, and one of 28 others.
Everything is measured in Chromium, which runs already, against `castlist serve` as users start it: compiled, with two
workers, and without pandas, which pyarrow loads wherever it is installed, and castlist doesn't bring. A start is
counted from the command to a wall whose first pictures are shown, of an archive that was looked at before.

    python benchmarks/studio.py --photos 10000
    python benchmarks/studio.py --home FOLDER     # an archive of one's own: archives/many, named by runs/many
"""

from __future__ import annotations

import argparse
import bisect
import contextlib
import dataclasses
import datetime
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from castlist.archive import ArchiveFolder, HeldArchive, fill_archive, group_unnamed
from castlist.faces import Box, Face
from castlist.media import read_photo
from castlist.testing import LOOKS, PEOPLE, level_of, make_face, make_run
from house import launch_house

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
TOKEN = "the token of a benchmark"
KNOWN = 4
SIZE = (320, 240)
SEEN = 24  # pictures of a wall that a screen holds
STARTS = 3  # of which the middle one counts
THOUSAND = 1000  # faces
LOOK, KEY = 2.0, 0.25  # seconds that a person looks at a question, and takes for a key

Row: TypeAlias = tuple[str, float, float | None, str]  # what, the figure, its floor where there is one, the unit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--home", type=Path, help="where the archive is kept from one time to the next")
    parser.add_argument("--decisions", type=int, default=20)
    asked = parser.parse_args()
    with contextlib.ExitStack() as stack:
        home = asked.home or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if not (home / "archives").exists():
            make_archive(home, asked.photos)
        # Noise has 28 people to ask about, each with hundreds of faces: what it would take tells nothing.
        held = HeldArchive(home / "archives" / "many")
        questions = [len(one.faces) for one in held.questions()] if asked.home else []
        live_as_users_do(home)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        stack.callback(browser.close)
        print(f"load {os.getloadavg()[0]:.1f} before")
        starts = [measure_start(browser, home) for _ in range(STARTS + 1)][1:]  # the first one compiles
        address = stack.enter_context(launch_house(home, TOKEN))
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address)
        page.wait_for_selector(".wall .tiles a")
        address = address.partition("/open")[0]
        rows: list[Row] = [("castlist serve to a usable page", statistics.median(starts), 1.5, "s")]
        rows += measure_wall(page, address)
        rows += measure_first_name(page, address, home)
        rows += measure_naming(page, address, asked.decisions, questions)
        print(f"load {os.getloadavg()[0]:.1f} after\n")
    for what, figure, floor, unit in rows:
        print(f"| {what} | {figure:.3g} {unit} | {'' if floor is None else f'{floor:g} {unit}'} |")


def live_as_users_do(home: Path) -> None:
    """Have castlist compiled, as pip does it, and pandas out of its sight."""
    hidden = home / "hidden"
    hidden.mkdir(exist_ok=True)
    (hidden / "pandas.py").write_text("raise ImportError('not for this')")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(home / "compiled")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(hidden), os.environ.get("PYTHONPATH")]))


def measure_start(browser: Browser, home: Path) -> float:
    """From the command to a wall that can be used."""
    page = browser.new_page()
    began = time.monotonic()
    with launch_house(home, TOKEN) as address:
        page.goto(address)
        page.wait_for_function(
            "seen => { const all = [...document.querySelectorAll('.wall img')].slice(0, seen);"
            " return all.length === seen && all.every((one) => one.complete && one.naturalWidth); }",
            arg=SEEN,
        )
        took = time.monotonic() - began
    page.close()
    return took


def measure_wall(page: Page, address: str) -> list[Row]:
    """The first paint of the wall, and the longest frames while it is scrolled from the newest photo to the oldest."""
    paints = []
    for _ in range(5):
        page.goto(f"{address}/in/many/photos")
        page.wait_for_load_state("networkidle")
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"))
    client = page.context.new_cdp_session(page)
    events: list[dict[str, Any]] = []
    client.on("Tracing.dataCollected", lambda told: events.extend(told["value"]))
    done: list[bool] = []
    client.on("Tracing.tracingComplete", lambda _: done.append(True))
    client.send("Tracing.start", {"categories": "devtools.timeline", "transferMode": "ReportEvents"})
    page.mouse.move(600, 500)
    for _ in range(120):
        page.mouse.wheel(0, 900)
        page.wait_for_timeout(50)
    client.send("Tracing.end")
    while not done:
        page.wait_for_timeout(50)
    tasks = [one["dur"] / 1e6 for one in events if one.get("name") == "RunTask" and "dur" in one]
    tasks = tasks or [one["dur"] / 1e6 for one in events if "dur" in one]
    return [
        ("first paint of the wall, median of 5", statistics.median(paints), 0.5, "s"),
        ("longest task while scrolling", 1000 * max(tasks), 50, "ms"),
        ("tasks over 50 ms", sum(task > 0.05 for task in tasks), None, f"of {len(tasks)}"),
        ("scrolled", page.evaluate("scrollY"), None, "pixels"),
    ]


def measure_naming(page: Page, address: str, times: int, questions: Sequence[int]) -> list[Row]:
    """From the key that answers a question to the next one, painted and ready; by keys alone."""
    page.goto(f"{address}/in/many/who")
    page.wait_for_load_state("networkidle")
    waits, pictures, keys, faces = [], [], [], 0
    for i in range(times):
        answer = [*f"Person {i}", "Enter"]
        faces += int(page.input_value("[name=shown]"))
        page.keyboard.type("".join(answer[:-1]))
        page.evaluate(
            """() => { window.next = new Promise((done) => {
                const key = document.querySelector('[name=key]').value, began = performance.now();
                let ready = 0;
                const look = () => {
                    const now = document.querySelector('[name=key]');
                    if (now && now.value !== key && !ready) ready = performance.now() - began;
                    const seen = [...document.querySelectorAll('.row-of-faces img')].slice(0, 8);
                    if (ready && seen.every((one) => one.complete)) done([ready, performance.now() - began]);
                    else requestAnimationFrame(look);
                };
                look();
            }); }"""
        )
        page.keyboard.press(answer[-1])
        ready, shown = page.evaluate("() => window.next")
        waits.append(ready)
        pictures.append(shown)
        keys.append(len(answer))
        page.wait_for_timeout(400)  # a person looks
    rows: list[Row] = [
        ("decision to the next question, median", statistics.median(waits), 100, "ms"),
        ("decision to the next question, longest", max(waits), None, "ms"),
        ("decision to the next faces shown, median", statistics.median(pictures), None, "ms"),
    ]
    if not questions:
        return rows
    answers = 1 + bisect.bisect_left(list(itertools.accumulate(questions)), THOUSAND)
    wait = statistics.median(pictures) / 1000
    minutes = answers * (wait + LOOK + KEY * statistics.mean(keys)) / 60
    return [
        *rows,
        (f"keys a face, {faces} faces in {times} answers", sum(keys) / faces, None, "keys"),
        ("answers that a thousand faces take", answers, None, "answers"),
        (f"a thousand faces, at {LOOK:g} s a look and {KEY:g} s a key", minutes, 10, "minutes"),
    ]


def measure_first_name(page: Page, address: str, home: Path) -> list[Row]:
    """A picture dropped onto a page of a house that has just named nothing: until its answer is shown."""
    photo = next(path for path in Path(ArchiveFolder(home / "archives" / "many").record().root).rglob("*.jpg"))
    page.goto(f"{address}/try")
    began = time.monotonic()
    page.set_input_files("#pictures", photo)
    page.wait_for_selector(".named-picture")
    return [("first name", time.monotonic() - began, 1, "s")]


def make_archive(home: Path, count: int) -> None:
    """Photos of noise with dates, and their archive."""
    folder = home / "photos"
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    known: dict[bytes, list[Face]] = {}
    day = datetime.datetime(2010, 1, 1, 12)
    for i in range(count):
        coarse = random.integers(0, 256, (6, 8, 3), np.uint8)
        picture = Image.fromarray(coarse).resize(SIZE, Image.Resampling.BICUBIC)
        exif = picture.getexif()
        exif.get_ifd(0x8769)[0x9003] = (day + datetime.timedelta(hours=13 * i)).strftime("%Y:%m:%d %H:%M:%S")
        path = folder / f"{i:05}.jpg"
        picture.save(path, quality=85, exif=exif)
        people = (i % KNOWN, KNOWN + i % (PEOPLE - KNOWN))
        known[_key(read_photo(path))] = [
            _placed(make_face(level_of(person, i % LOOKS)), 20 + 150 * k) for k, person in enumerate(people)
        ]
    make_run(home / "runs" / "many", [f"Known {i}" for i in range(KNOWN)])
    fill_archive(
        folder, home / "runs" / "many", home / "archives" / "many", finder=lambda pixels, **_: known[_key(pixels)]
    )
    group_unnamed(home / "archives" / "many")


def _placed(face: Face, left: float) -> Face:
    return dataclasses.replace(face, box=Box(left, 60, left + 90, 170))


def _key(pixels: np.ndarray) -> bytes:
    return pixels[::16, ::16].tobytes()


if __name__ == "__main__":
    main()

"""The studio's waits: cold start, first name, a wall of many photos, a decision to the next face.

The photos are noise with dates, two faces in each: one of four people whom the run knows, and one of 28 others.
Everything is measured in Chromium against `castlist serve` as it is started, with two workers.

    python benchmarks/studio.py --photos 10000
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from castlist.archive import fill_archive, group_unnamed
from castlist.faces import Box, Face
from castlist.media import read_photo
from castlist.testing import LOOKS, PEOPLE, level_of, make_face, make_run
from house import open_house

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
TOKEN = "the token of a benchmark"
KNOWN = 4
SIZE = (320, 240)


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
        began = time.monotonic()
        address = stack.enter_context(open_house(home, TOKEN))
        playwright = stack.enter_context(sync_playwright())
        told = {"load": os.getloadavg()[0], "start to an address": time.monotonic() - began}
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        told |= measure_start(page, address, began)
        told |= measure_wall(page, address)
        told |= measure_naming(page, address, asked.decisions)
        told |= measure_first_name(page, address, home)
        browser.close()
    print(json.dumps({name: round(value, 3) for name, value in told.items()}, indent=1))


def measure_start(page: Page, address: str, began: float) -> dict[str, float]:
    """From the command to a page that can be used; the browser's own start included."""
    page.goto(f"{address}/open")
    page.fill("input[name=token]", TOKEN)
    page.press("input[name=token]", "Enter")
    page.wait_for_selector(".wall .tiles a")
    return {"start to a usable page (with the browser's)": time.monotonic() - began}


def measure_wall(page: Page, address: str) -> dict[str, float]:
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
    return {
        "first paint of the wall, median of 5": statistics.median(paints),
        "scrolled, pixels": page.evaluate("scrollY"),
        "longest task while scrolling": max(tasks),
        "tasks over 50 ms": float(sum(task > 0.05 for task in tasks)),
    }


def measure_naming(page: Page, address: str, times: int) -> dict[str, float]:
    """From the key that answers a question to the next one, painted and ready."""
    page.goto(f"{address}/in/many/who")
    page.wait_for_load_state("networkidle")
    waits, pictures = [], []
    for i in range(times):
        page.keyboard.type(f"Person {i}")
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
        page.keyboard.press("Enter")
        ready, shown = page.evaluate("() => window.next")
        waits.append(ready / 1000)
        pictures.append(shown / 1000)
        page.wait_for_timeout(400)  # a person looks
    return {
        "decision to the next question, median": statistics.median(waits),
        "decision to the next question, longest": max(waits),
        "decision to the next faces shown, median": statistics.median(pictures),
    }


def measure_first_name(page: Page, address: str, home: Path) -> dict[str, float]:
    """A picture dropped onto a page of a house that has just named nothing: until its answer is shown."""
    page.goto(f"{address}/try")
    began = time.monotonic()
    page.set_input_files("#pictures", next((home / "photos").glob("*.jpg")))
    page.wait_for_selector(".named-picture")
    return {"first name": time.monotonic() - began}


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

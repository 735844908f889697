"""A house under load: two workers, sixteen who ask at once, every tenth request enrols or forgets somebody.

Every name and probability is compared with the library's own of the run's generation that the answer tells of. Then a
worker is killed while they ask; in the end the house is told to end with requests in hand. Two
minutes on two idle cores.

    python benchmarks/serve.py RUN ../shared/photos/avengers7 ../shared/photos/strangers/elon_musk [--requests 2000]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
from PIL import Image

from castlist import Recognizer, enrol, forget, read_photo, set_cache_folder
from castlist.media import find_photos

SIZE = (640, 480)
GUEST = "Guest"
PHOTOS = 40
AT_ONCE, EVERY = 16, 10
WARM = 100  # requests after which memory is measured for the first time
LIMIT = b"7d44e178b1d44e178b"  # between the parts of a form
KILLED = 60  # requests, in the midst of which a worker is killed
OF_A_ROUND = 3  # generations: one enrols, two forget
SAME = 1e-5  # of a probability: the last bits depend on how many were counted at once, and on where they lay in memory

Expected = dict[bool, list[list[tuple[str, float]]]]  # whether the guest is known: of each photo its faces


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("guest", type=Path)
    parser.add_argument("--requests", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        set_cache_folder(folder / "cache")
        photos = make_photos(options.photos, folder / "photos")
        guest = make_photos(options.guest, folder / "guest")[0]
        expected = library_names(shutil.copytree(options.run, folder / "copy"), photos, guest)
        shutil.copytree(options.run, folder / "runs" / "run")
        house = Serving(folder)
        try:
            alone = [house.timed(photos[i % len(photos)])[0] for i in range(60)][10:]
            rows = Load(house, photos, guest, expected, options.requests).run(statistics.median(alone))
            rows["SIGTERM with so many asking"] = house.end_with_work(photos)
        finally:
            house.process.kill()
    print("| what | figure |\n|---|---|", *(f"| {what} | {figure} |" for what, figure in rows.items()), sep="\n")


def make_photos(source: Path, folder: Path) -> list[Path]:
    """Photos of 640 x 480, each another picture laid onto grey."""
    folder.mkdir()
    every = find_photos([source])
    chosen = every[:: max(len(every) // PHOTOS, 1)][:PHOTOS]
    for i, path in enumerate(chosen):
        pixels = read_photo(path)
        scale = min(SIZE[0] / pixels.shape[1], SIZE[1] / pixels.shape[0])
        small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        paper = Image.new("RGB", SIZE, "grey")
        paper.paste(Image.fromarray(small))
        paper.save(folder / f"{i:03}.jpg", quality=90)
    return sorted(folder.iterdir())


def library_names(run: Path, photos: list[Path], guest: Path) -> Expected:
    """What the library says with the guest and without; after a forget the same as before."""

    def names() -> list[list[tuple[str, float]]]:
        recognizer = Recognizer.load(run)
        named = recognizer.name_photos(photos)
        return [[(face.name, face.probability) for face in photo.faces] for photo in named]

    without = names()
    enrol(run, GUEST, [guest])
    with_guest = names()
    forget(run, GUEST)
    assert all(map(are_same, names(), without)), "a forget leaves the run as it was"
    return {False: without, True: with_guest}


def are_same(faces: list[tuple[str, float]], others: list[tuple[str, float]]) -> bool:
    """Whether these are the same names in the same order, as probable but for the last bits."""
    return len(faces) == len(others) and all(
        name == other and abs(probability - likewise) < SAME
        for (name, probability), (other, likewise) in zip(faces, others, strict=True)
    )


def told(counts: Counter[str]) -> str:
    """How many of what."""
    return ", ".join(f"{count} {what}" for what, count in counts.items())


class Serving:
    """`castlist serve` as a process."""

    def __init__(self, folder: Path) -> None:
        words = [
            sys.executable,
            "-m",
            "castlist",
            "serve",
            "--no-browser",
            "--port",
            "0",
            "--out",
            str(folder / "runs"),
        ]
        home = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=home)
        assert self.process.stdout is not None
        self.port = int(re.findall(r":(\d+)/open", self.process.stdout.readline())[0])
        self.token = (folder / "runs" / ".serve" / "token").read_text("ascii").strip()
        self._mine = threading.local()
        self.is_ending = False
        self.lost = 0  # connections that ended without an answer, and were asked again

    def ask(self, method: str, path: str, photo: Path | None = None) -> Any:
        """Ask until there is an answer; gives what it says."""
        return self.ask_many(path, [photo.read_bytes()], method) if photo else self._ask(method, path, b"")

    def ask_many(self, path: str, photos: Iterable[bytes], method: str = "POST") -> Any:
        """The same with the contents of photos."""
        part = b'--%b\r\nContent-Disposition: form-data; name="photos"; filename="x"\r\n\r\n%b\r\n'
        parts = [part % (LIMIT, photo) for photo in photos]
        return self._ask(method, path, b"".join([*parts, b"--%b--\r\n" % LIMIT]))

    def _ask(self, method: str, path: str, body: bytes) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        if body:
            headers["Content-Type"] = f"multipart/form-data; boundary={LIMIT.decode()}"
        while True:
            line = self._mine.__dict__.setdefault("line", http.client.HTTPConnection("127.0.0.1", self.port))
            try:
                line.request(method, f"/api/v1{path}", body, headers)
                answer = line.getresponse()
                content = answer.read()
            except (http.client.HTTPException, OSError):
                self.lost += 1
                line.close()
                if self.is_ending:
                    raise
                continue
            assert answer.status == 200, (answer.status, content)
            return json.loads(content)

    def timed(self, photo: Path) -> tuple[float, Any]:
        """Name a photo; gives how many seconds it took, too."""
        began = time.perf_counter()
        answer = self.ask("POST", "/name?run=run", photo)
        return time.perf_counter() - began, answer

    def memory(self) -> list[int]:
        """Megabytes of each worker."""
        workers = psutil.Process(self.process.pid).children()
        return sorted(round(one.memory_info().rss / 2**20) for one in workers)

    def kill_one(self) -> None:
        """Kill a worker."""
        psutil.Process(self.process.pid).children()[0].kill()

    def end_with_work(self, photos: list[Path]) -> str:
        """Tell it to end while requests are in hand; they are answered."""
        with ThreadPoolExecutor(AT_ONCE) as asking:
            answers = [asking.submit(self._ask_once, photo) for photo in photos[:AT_ONCE]]
            time.sleep(0.15)
            began = time.perf_counter()
            self.is_ending = True
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
            seconds = time.perf_counter() - began
            counts = Counter(answer.result() for answer in answers)
        assert counts["answered"], "what was in hand is answered"
        return f"ended after {seconds:.1f} s; {told(counts)}"

    def _ask_once(self, photo: Path) -> str:
        self._mine.__dict__.pop("line", None)
        try:
            return "answered" if self.timed(photo)[1]["photos"] else "empty"
        except (http.client.HTTPException, OSError):
            return "not taken any more"


class Load:
    """So many requests, asked at once, each answer compared."""

    def __init__(self, house: Serving, photos: list[Path], guest: Path, expected: Expected, requests: int) -> None:
        self._house = house
        self._photos, self._guest = photos, guest
        self._expected = expected
        self._requests = requests
        self._first = house.ask("GET", "/runs/run")["generation"]
        self._changing = threading.Lock()
        self._is_known = False
        self._counts: Counter[str] = Counter()
        self._named: list[tuple[float, float]] = []  # when each was asked and answered
        self._memory: list[list[int]] = []

    def run(self, alone: float) -> dict[str, str]:
        """Ask, and tell how it went; then again for a while, in which a worker dies."""
        seconds = self._ask_all(self._requests)
        waits = sorted(end - begin for begin, end in self._named)
        p50, p95 = (waits[int(len(waits) * share)] for share in (0.5, 0.95))
        rows = {
            "a photo named, nobody else asking": f"{1000 * alone:.0f} ms",
            f"{self._requests} requests, {AT_ONCE} at once": f"{seconds:.0f} s; {told(self._counts)}",
            "a photo named, half of them within": f"{1000 * p50:.0f} ms, {p50 / alone:.1f} times as long as alone",
            "95 of 100 within": f"{1000 * p95:.0f} ms, {p95 / alone:.1f} times as long as alone",
            "who came later and was answered first, mean": f"{self._overtaken():.1f}",
            "memory of each worker, MB": f"{self._memory[0]} after {WARM}, {self._memory[-1]} in the end",
        }
        self._house.lost = 0
        before = sum(self._counts.values())
        self._ask_all(KILLED, kill=True)
        done = sum(self._counts.values()) - before
        rows["a worker killed"] = f"{done} of {KILLED} answered, {self._house.lost} of them when asked again"
        return rows

    def _overtaken(self) -> float:
        """How many came later than a request, and were answered before it."""
        ends = np.array([end for _, end in sorted(self._named)])
        return float(np.mean([(ends[i + 1 :] < end).sum() for i, end in enumerate(ends)]))

    def _ask_all(self, requests: int, *, kill: bool = False) -> float:
        numbers = iter(range(requests))
        next_one = threading.Lock()

        def work() -> None:
            while True:
                with next_one:
                    number = next(numbers, None)
                    if number in (WARM, requests - 1):
                        self._memory.append(self._house.memory())
                    if number == AT_ONCE and kill:
                        self._house.kill_one()
                if number is None:
                    return
                self._one(number)

        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as asking:
            for done in [asking.submit(work) for _ in range(AT_ONCE)]:
                done.result()
        return time.perf_counter() - began

    def _one(self, number: int) -> None:
        if number % EVERY == EVERY - 1:
            with self._changing:
                self._counts["forgot" if self._is_known else "enrolled"] += 1
                path = f"/runs/run/people/{GUEST}"
                if self._is_known:
                    self._house.ask("DELETE", path)
                else:
                    self._house.ask("POST", f"{path}/photos", self._guest)
                self._is_known = not self._is_known
            return
        place = number % len(self._photos)
        began = time.perf_counter()
        seconds, answer = self._house.timed(self._photos[place])
        self._named.append((began, began + seconds))
        is_known = (answer["generation"] - self._first) % OF_A_ROUND == 1
        faces = [(face["name"], face["probability"]) for face in answer["photos"][0]["faces"]]
        expected = self._expected[is_known][place]
        assert are_same(faces, expected), (number, faces, expected)
        self._counts["named as the library does"] += 1


if __name__ == "__main__":
    main()

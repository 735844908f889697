"""A house under load, under malformed photos, and under whatever schemathesis makes of the API's description.

    python .ci/serve.py PHOTOS RUN

PHOTOS is ../shared/photos, RUN a run of its avengers7. Ends with the first failure; says how much it did in its time.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from castlist.testing import level_of, make_run, save_picture  # noqa: E402
from serve import Serving  # noqa: E402

REQUESTS = "200"
FUZZ, SCHEMA = 35, 45  # seconds
PLACES = 100  # at which a file is cut
AT_ONCE = 4  # malformed photos in a request
GROWTH = 150  # MB that a worker may have more in the end: what its decoders keep
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,ignored_auth,unsupported_method"
)


def main() -> None:
    photos, run = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    load = [ROOT / "benchmarks" / "serve.py", run, photos / "avengers7", photos / "strangers" / "elon_musk"]
    subprocess.run([sys.executable, *load, "--requests", REQUESTS], check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(run, folder / "runs" / "run")
        house = Serving(folder)
        try:
            fuzz(
                house,
                [path for name in ("hard", "odd") for path in sorted((photos / name).rglob("*")) if path.is_file()],
            )
        finally:
            house.process.kill()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_run(folder / "runs" / "team", ("Ann", "Bo", "Cleo"))
        save_picture(folder / "photos" / "ann.png", [level_of(0)])
        house = Serving(folder)
        try:
            try_schema(house, folder)
        finally:
            house.process.kill()


def fuzz(house: Serving, files: list[Path]) -> None:
    """Send damaged photos as long as there is time: each is answered, and nothing grows."""
    rng = random.Random(5)
    sent, memory = 0, []
    began = time.monotonic()
    damaged = malformed(files, rng)
    while (passed := time.monotonic() - began) < FUZZ:
        answer = house.ask_many("/name?run=run", [next(damaged) for _ in range(AT_ONCE)])
        assert len(answer["photos"]) + len(answer["films"]) == AT_ONCE
        sent += AT_ONCE
        if passed > FUZZ * (len(memory) + 1) / 3:
            memory.append(max(house.memory()))
    print(f"fuzz: {sent} of {2 * PLACES * len(files)} malformed files in {FUZZ} s, all answered; memory {memory} MB")
    assert memory[-1] - memory[0] < GROWTH, memory


def malformed(files: list[Path], rng: random.Random) -> Iterator[bytes]:
    """The files cut somewhere, or with bits of their headers flipped; without an end."""
    contents = [path.read_bytes() for path in files]
    while True:
        data = rng.choice(contents)
        if rng.random() < 0.5:
            yield data[: len(data) * rng.randrange(PLACES) // PLACES]
        else:
            head = bytearray(data[:400])
            for _ in range(rng.randint(1, 8)):
                head[rng.randrange(max(len(head), 1))] ^= 1 << rng.randrange(8) if head else 0
            yield bytes(head) + data[400:]


def try_schema(house: Serving, folder: Path) -> None:
    """Have schemathesis ask whatever the description allows, and more; what it keeps lies in a folder."""
    words = [Path(sys.executable).with_name("st"), "run", f"http://127.0.0.1:{house.port}/api/v1/openapi.json"]
    words += ["-H", f"Authorization: Bearer {house.token}", "--max-time", str(SCHEMA), "--continue-on-failure"]
    words += ["--checks", CHECKS, "--no-color"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    print(*done.stdout.splitlines()[-9:], sep="\n")
    if done.returncode:
        raise SystemExit(done.stdout[-5000:])


if __name__ == "__main__":
    main()

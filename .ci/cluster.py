"""A two-node cluster makes an archive, loses a node, an actor and its driver, and the archive is that of one machine.

Run by .ci/cluster.sh, in a network of its own. 1,000 drawn pictures in 40 units, faces told by their greys: what is
tried is who does what, not what is seen.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from castlist.archive import ArchiveFolder, fill_archive, planning
from castlist.testing import make_run, save_picture, tell_faces

PHOTOS, UNIT = 1000, 25
PORT = 6379
DRIVE = """
from castlist.archive import fill_archive, planning
from castlist.testing import tell_faces
planning.UNIT = {unit}
fill_archive("photos", "run", "archive", finder=tell_faces, ray="127.0.0.1:{port}")
"""


def main(home: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="r") as own:  # short: paths of sockets may not be long
        os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": own}
        lose_all(home)


def lose_all(home: Path) -> None:
    """Make the archive, and lose one after the other whoever makes it."""
    planning.UNIT = UNIT
    home.mkdir(parents=True, exist_ok=True)
    os.chdir(home)
    make_run("run", ("Ann", "Bo", "Cy"))
    for i in range(PHOTOS):
        save_picture(Path("photos", f"{i:04}.png"), [i % 256, 40 * (i // 256)])
    fill_archive("photos", "run", "alone", finder=tell_faces)
    # What lies beside somebody's photos is executed on no node.
    Path("cv2.py").write_text("raise SystemExit('executed')", "utf-8")

    start_node("127.0.0.1", "--head", f"--port={PORT}", "--include-dashboard=false")
    first = raylets()
    # At an address of its own: a driver joins through the node at its own, and dies with it.
    start_node("127.0.0.2", f"--address=127.0.0.1:{PORT}")
    (second,) = raylets() - first
    print("two nodes are up", flush=True)

    driver = drive()
    until(lambda: done() > 8, driver)
    os.kill(second, signal.SIGKILL)
    print(f"the second node is killed after {done()} units", flush=True)
    until(lambda: done() > 16, driver)
    (actor, *_) = actors()
    os.kill(actor, signal.SIGKILL)
    print(f"an actor is killed after {done()} units", flush=True)
    until(lambda: done() > 24, driver)
    driver.kill()
    driver.wait()
    assert 24 < done() < PHOTOS // UNIT, done()
    print(f"the driver is killed after {done()} units", flush=True)
    driver = drive()
    assert driver.wait(120) == 0, driver.returncode
    check()
    print("the archive is that of one machine", flush=True)


def start_node(address: str, *words: str) -> None:
    ray, common = Path(sys.executable).with_name("ray"), ["--num-cpus=1", "--object-store-memory=100000000"]
    with Path(f"{address}.log").open("wb") as log:
        ended = subprocess.run(
            [ray, "start", *words, f"--node-ip-address={address}", *common], stdout=log, stderr=log, cwd="/"
        )
    if ended.returncode:
        sys.exit(Path(f"{address}.log").read_text("utf-8"))


def drive() -> subprocess.Popen[bytes]:
    code = DRIVE.format(unit=UNIT, port=PORT)
    return subprocess.Popen([sys.executable, "-P", "-c", code], stdout=subprocess.DEVNULL)


def done() -> int:
    return len(ArchiveFolder("archive").units())


def raylets() -> set[int]:
    return {pid for pid, words in processes() if words[0].endswith("/raylet")}


def actors() -> list[int]:
    return [pid for pid, words in processes() if words[0].startswith("ray::Station")]


def processes() -> list[tuple[int, list[str]]]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text("utf-8", "replace").split("\0")
        except OSError:  # it has just ended
            continue
        found.append((int(folder.name), words))
    return found


def until(holds: Callable[[], bool], driver: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        if driver.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"the cluster doesn't get on: {driver.returncode}")
        time.sleep(0.02)


def check() -> None:
    """Each photo's rows are there once, and every byte is as one machine wrote it."""
    alone, archive = ArchiveFolder("alone"), ArchiveFolder("archive")
    assert archive.units() == alone.units() == list(range(1, PHOTOS // UNIT + 1))
    faces = [(row["photo"], row["face"]) for unit in archive.units() for row in archive.read(unit)[0].to_pylist()]
    assert len(faces) == len(set(faces)) == 2 * PHOTOS
    for file in Path("alone/units").iterdir():
        assert file.read_bytes() == Path("archive/units", file.name).read_bytes(), file.name
    left = {path.name for path in Path("archive").iterdir() if not path.name.endswith(".lock")}
    assert left == {"archive.json", "units"}, left


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())

"""Drive the window as a person would, with keys, on screens of Xvfb: in both languages, small ones, at 1x and at 2x.

    python .ci/desktop.py CAST OUT

From an empty folder of runs: train on CAST, a folder of folders; open one of its photos; save it with names on it; drag
another one in from a window of GTK, where the system's Python has GTK.
Pictures of the window land in OUT, whose path gets a space, since people's paths have some.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageGrab

DRAG_SOURCE = Path(__file__).parents[1] / "tests/drag_source.py"
GTK = not subprocess.run(["/usr/bin/python3", "-c", "import gi; gi.require_version('Gtk', '3.0')"]).returncode
WIDE = 1200  # pixels of a screen on which there is room beside the window
CODE = "import sys; from castlist.cli import main; sys.argv = ['castlist', *sys.argv[1:]]; main()"


def main() -> None:
    cast, out = (Path(argument).resolve() for argument in sys.argv[1:3])
    for dpi, size in ((96, (1024, 600)), (96, (1366, 768)), (192, (2560, 1600))):
        for language in ("en", "zh-TW"):
            drive(cast, out / f"{language} {size[0]} {dpi}", language, dpi, size)


def drive(cast: Path, out: Path, language: str, dpi: int, size: tuple[int, int]) -> None:
    photo, other, runs = out / "a photo.jpg", out / "another photo #2.jpg", out / "runs"
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(min(cast.rglob("*.jpg")), photo)
    shutil.copy(max(cast.rglob("*.jpg")), other)
    read, write = os.pipe()
    flags = ["-screen", "0", f"{size[0]}x{size[1]}x24", "-dpi", str(dpi), "-nolisten", "tcp"]
    screen = subprocess.Popen(["Xvfb", "-displayfd", str(write), *flags], pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as lines:
        # The report is opened by a browser that does nothing.
        environment = os.environ | {"DISPLAY": ":" + lines.readline().strip(), "BROWSER": "true"}

    def tool(*arguments: str) -> str:
        command = ["xdotool", *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60).stdout

    def find(*search: str) -> str:
        """The window; asked again and again, since a search fails when any window closes under it."""
        found: list[str] = []

        def look_for_it() -> bool:
            command = ["xdotool", "search", *search]
            answer = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=60)
            found[:] = answer.stdout.split() if not answer.returncode else []
            return bool(found)

        wait(look_for_it, 60)
        return found[0]

    def focus(*search: str) -> None:
        # Without a window manager, a new window doesn't get the keys by itself.
        tool("windowfocus", "--sync", find("--onlyvisible", *search))

    def press(*keys: str) -> None:
        for key in keys:
            tool("key", key)
            time.sleep(0.3)

    def answer(path: Path) -> None:
        time.sleep(1.5)  # until the dialog is there
        tool("type", "--delay", "5", str(path))
        press("Return")

    def drag(file: Path, size: tuple[int, int]) -> None:
        x, y = size[0] - 130, size[1] - 200  # right of the window
        source = subprocess.Popen(["/usr/bin/python3", DRAG_SOURCE, str(x), str(y), file], env=environment)
        find("--onlyvisible", "--name", "^drag source$")
        time.sleep(1)
        tool("mousemove", str(x + 60), str(y + 60))
        tool("mousedown", "1")
        for step in range(12):
            tool("mousemove", str(x - step * size[0] // 20), str(size[1] // 2))
            time.sleep(0.1)
        time.sleep(1)  # until the window has said that it takes the file
        tool("mouseup", "1")
        find("--name", f"^{file.name}")
        source.terminate()
        source.wait()
        time.sleep(3)
        look("dropped")

    def look(name: str) -> None:
        shot = ImageGrab.grab(xdisplay=environment["DISPLAY"])
        shot.save(out / f"{name}.png")
        colors = shot.convert("RGB").getcolors(1 << 24)
        assert colors and len(colors) > 100, f"{name}.png shows nothing"

    try:
        command = [sys.executable, "-c", CODE, "desktop", "--out", str(runs), "--language", language]
        began = time.monotonic()
        window = subprocess.Popen(command, env=environment)
        focus("--name", "^castlist$")
        print(f"{language} {dpi} dpi: window after {time.monotonic() - began:.2f} s")
        time.sleep(2)
        look("first start")
        press("ctrl+t")
        focus("--class", "^Toplevel$")
        time.sleep(1)
        look("to train")
        press("space")
        answer(cast)
        press("Return")  # the first goes into the folder, the second takes it
        press("Tab", "Tab", "space")  # past the model, to the button that starts
        wait(lambda: any(json.loads(file.read_text("utf-8"))["complete"] for file in runs.glob("*/run.json")), 120)
        time.sleep(5)  # for the report
        look("trained")
        press("Escape")
        focus("--name", "^castlist$")
        press("ctrl+o")
        answer(photo)
        # The title tells the picture that is shown.
        find("--name", f"^{photo.name}")
        time.sleep(3)
        look("named")
        press("ctrl+s")
        answer(out / "with names.png")
        wait((out / "with names.png").exists, 20)
        assert Image.open(out / "with names.png").width
        if GTK and size[0] > WIDE:
            drag(other, size)
            focus("--name", f"^{other.name}")
        press("ctrl+q")
        assert window.wait(timeout=20) == 0, "the window didn't end cleanly"
    finally:
        screen.terminate()
        screen.wait()


def wait(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.2)


if __name__ == "__main__":
    main()

"""Drive the window as a person would, with keys and a mouse, on a screen of Xvfb, in both languages, at 1x and 2x.

    python .ci/desktop.py RUNS PHOTO OUT

RUNS holds a finished run. Each picture of the window lands in OUT; the first says how soon the window answers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from PIL import ImageGrab

CODE = "import sys; from castlist.cli import main; sys.argv = ['castlist', *sys.argv[1:]]; main()"


def main() -> None:
    runs, photo, out = (Path(argument).resolve() for argument in sys.argv[1:4])
    out.mkdir(parents=True, exist_ok=True)
    for dpi, size in ((96, (1280, 800)), (192, (2560, 1600))):
        for language in ("en", "zh-TW"):
            drive(runs, photo, out, language, dpi, size)


def drive(runs: Path, photo: Path, out: Path, language: str, dpi: int, size: tuple[int, int]) -> None:
    read, write = os.pipe()
    flags = ["-screen", "0", f"{size[0]}x{size[1]}x24", "-dpi", str(dpi), "-nolisten", "tcp"]
    screen = subprocess.Popen(["Xvfb", "-displayfd", str(write), *flags], pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    environment = os.environ | {"DISPLAY": ":" + os.fdopen(read).readline().strip()}

    def tool(*arguments: str) -> str:
        return subprocess.run(
            ["xdotool", *arguments], env=environment, check=True, capture_output=True, text=True, timeout=60
        ).stdout.strip()

    try:
        command = [sys.executable, "-c", CODE, "desktop", "--out", str(runs), "--language", language]
        began = time.monotonic()
        window = subprocess.Popen(command, env=environment)
        number = tool("search", "--sync", "--onlyvisible", "--name", "^castlist$").splitlines()[0]
        print(f"{language} {dpi} dpi: window after {time.monotonic() - began:.2f} s")
        time.sleep(3)
        tool("windowfocus", "--sync", number)
        tool("key", "ctrl+o")
        time.sleep(1.5)
        tool("type", "--delay", "5", str(photo))
        tool("key", "Return")
        # The title tells the picture that is shown.
        tool("search", "--sync", "--name", f"^{photo.name}")
        time.sleep(4)
        picture = out / f"desktop-{language}-{dpi}.png"
        shot = ImageGrab.grab(xdisplay=environment["DISPLAY"])
        shot.save(picture)
        colors = shot.convert("RGB").getcolors(1 << 24)
        assert colors and len(colors) > 500, f"{picture} shows no photo"
        tool("key", "ctrl+q")
        assert window.wait(timeout=20) == 0, "the window didn't end cleanly"
    finally:
        screen.terminate()
        screen.wait()


if __name__ == "__main__":
    main()

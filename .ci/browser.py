"""Open a report in headless Chromium on a phone's and a desk's width: nothing loads from outside, nothing overflows."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
# Chromium's own window is never narrower than 500 pixels, so the page lies in a frame, which tells the page's width.
FRAME = """<body style="margin:0"><iframe id="page" style="border:0" width="{width}" height="3000" srcdoc="{page}"
onload="document.title=this.contentDocument.documentElement.scrollWidth"></iframe></body>"""


def main() -> None:
    report, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    page = report.read_text("utf-8")
    outside = re.findall(r"""(?:src|href)\s*=\s*["'](?!data:|#)([^"']+)""", page)
    assert not outside, f"the report loads from outside itself: {outside}"
    assert "default-src 'none'" in page, "the report's policy is gone"
    chromium = shutil.which("chromium")
    assert chromium
    for width in (360, 1280):
        picture, frame = out / f"report-{width}.png", out / f"frame-{width}.html"
        frame.write_text(FRAME.format(width=width, page=html.escape(page)), "utf-8")
        command = [chromium, *FLAGS, "--no-first-run", f"--user-data-dir={out / 'profile'}"]
        command += [f"--window-size={max(width, 500)},3000"]
        options = {"check": True, "timeout": 120, "capture_output": True, "text": True}
        subprocess.run([*command, f"--screenshot={picture}", frame.as_uri()], **options)
        title = re.search(
            r"<title>(\d+)</title>", subprocess.run([*command, "--dump-dom", frame.as_uri()], **options).stdout
        )
        assert title, "the page didn't load"
        assert int(title[1]) <= width, f"in a frame of {width} pixels the page is {title[1]} wide"
        colors = Image.open(picture).convert("RGB").getcolors(1 << 24)
        assert colors and len(colors) > 100, "the screenshot is empty"
        print(f"{width} px: the page is {title[1]} wide; {len(colors)} colors")


if __name__ == "__main__":
    main()

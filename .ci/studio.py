"""The studio in a real Chromium: every page from an empty folder to the end, with keys, a camera, drops and two tabs.

    python .ci/studio.py OUT [PHOTOS]

Pictures of all pages, of drawn heroes only, are left in OUT. The real photos, where they are there, are what the camera
shows and what is dropped; no picture is taken of them.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import time
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from drawn_archive import KNOWN, make_drawn_archive
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from castlist.drawn import draw_cast
from castlist.people import renew_report
from castlist.testing import make_run

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from house import open_house

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
CAMERA = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
TOKEN = "the token of a check"
SIZES = {"wide": (1280, 900), "phone": (390, 844)}
LOOKS = [("en", "wide", "light"), ("zh-TW", "wide", "dark"), ("zh-TW", "phone", "light"), ("en", "phone", "dark")]
ALBUM = "/in/Heroes"
COMPARED = "/compare?run=heroes&run=others"


def main() -> None:
    out = Path(sys.argv[1]).resolve()
    photos = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 and Path(sys.argv[2]).is_dir() else None
    out.mkdir(parents=True, exist_ok=True)
    make_drawn_archive(out / "home")
    draw_cast(out / "casts" / "heroes", pictures_per_person=16, size=64, people=["Juna", "Miro"])
    mixed = out / "casts" / "mixed"
    draw_cast(mixed, pictures_per_person=2, people=["Juna", "Miro"])
    shutil.copy(min((mixed / "Juna").iterdir()), mixed / "Miro" / "copy.jpg")
    make_run(out / "home" / "runs" / "others", KNOWN[:2])
    for run in ("heroes", "others"):
        renew_report(out / "home" / "runs" / run)
    roots = [out / "home" / "photos", out / "casts"]
    faces = [photos / "clip" / "cast"] if photos else []
    camera = _film(next(faces[0].rglob("*.jpg")), out / "camera.y4m") if photos else None
    with sync_playwright() as playwright, contextlib.ExitStack() as house:
        address = house.enter_context(open_house(out / "home", TOKEN, [*roots, *faces]))
        flags = [*FLAGS, *CAMERA, *([f"--use-file-for-fake-video-capture={camera}"] if camera else [])]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = _tab(browser, address)
        every_page(browser, address, out)
        for step in (hurrying, naming, deciding, people, exporting, starting, learning):
            began = time.monotonic()
            step(page, address)
            print(f"{step.__name__}: {time.monotonic() - began:.0f} s")
        if photos:
            trying(page, address, faces[0])
        page.goto(f"{address}{ALBUM}/who")
        house.close()
        page.keyboard.press("5")
        page.wait_for_selector("#notice:has-text('castlist serve')")
        _look_over(page, "a page whose house has ended")
        browser.close()


def every_page(browser: Browser, address: str, out: Path) -> None:
    """All pages in both languages, wide and narrow, light and dark: nothing is wrong for whoever can't see."""
    began = time.monotonic()
    for language, size, colors in LOOKS:
        page = _tab(browser, address, language=language, size=size, colors=colors)
        page.goto(f"{address}{ALBUM}/photos")
        photo = page.get_attribute(".wall .tiles a", "href")
        page.goto(f"{address}{ALBUM}/people")
        person = page.get_attribute(".cards a", "href")
        own = [f"{ALBUM}/{name}" for name in ("photos", "who", "people", "export", "tags")]
        others = (
            "/start",
            "/start?folder=0:",
            "/learn",
            "/checked?folder=1:mixed",
            COMPARED,
            "/runs/heroes",
            "/try",
            "/in/none/photos",
        )
        for place in (*own, photo, person, *others):
            page.goto(f"{address}{place}")
            page.wait_for_load_state("load")
            _look_over(page, f"{place} in {language}, {size}, {colors}")
            name = re.sub(r"\W+|[0-9a-f]{64}", "-", place.partition("?")[0]).strip("-")
            page.screenshot(path=out / f"{name}-{language}-{size}-{colors}.png")
        page.set_viewport_size({"width": SIZES[size][0] // 2 if size == "wide" else 320, "height": 700})  # at 200 %
        page.goto(f"{address}{ALBUM}/who")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        page.context.close()
    print(f"every page: {time.monotonic() - began:.0f} s")


def _look_over(page: Page, what: str) -> None:
    """Nothing of a page is beside the screen, or wrong for whoever can't see it."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{what} is {wide} pixels too wide"
    bad = [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
    assert not bad, f"{what}: {bad}"


def hurrying(page: Page, address: str) -> None:
    """Who types faster than answers come loses no key; a key that is held down answers once."""
    page.goto(f"{address}{ALBUM}/who")
    slow = page.context.new_cdp_session(page)
    network = {"offline": False, "latency": 400, "downloadThroughput": -1, "uploadThroughput": -1}
    slow.send("Network.enable")
    slow.send("Network.emulateNetworkConditions", network)
    for name in ("Rosa", "Kaito"):
        page.keyboard.type(name)
        page.keyboard.down("Enter")
        page.keyboard.down("Enter")
        page.keyboard.up("Enter")
    page.wait_for_selector("text=2 decisions so far")
    assert page.input_value("#name") == ""
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.wait_for_selector("text=0 decisions so far")
    slow.detach()
    page.locator("[data-face]").nth(1).click()
    page.keyboard.type("Rosa")  # wherever the focus is
    assert page.input_value("#name") == "Rosa"


def naming(page: Page, address: str) -> None:
    """Who is it? With keys alone; undone; two tabs at once; back and reload lose nothing."""
    page.goto(f"{address}{ALBUM}/who")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    _look_over(page, "the keys")
    page.keyboard.press("Escape")
    sizes = []
    for name in ("Rosa", "Kaito", ""):
        key = page.input_value("[name=key]")
        sizes.append(page.locator("[data-face]").count())
        page.keyboard.type(name)
        page.keyboard.press("Enter" if name else "3")
        page.wait_for_function("key => document.querySelector('[name=key]').value !== key", arg=key)
        page.wait_for_function("() => document.activeElement.id === 'name'")  # ready for the next
    assert sizes == sorted(sizes, reverse=True)
    page.wait_for_function("() => document.querySelector('#said').textContent.startsWith('Strangers')")
    page.keyboard.press("Control+z")
    page.wait_for_function("() => document.querySelector('#said').textContent.startsWith('Taken back')")
    _look_over(page, "a review under way")
    page.reload()
    assert "2 decisions so far" in page.inner_text(".told")

    other = page.context.new_page()
    other.goto(page.url)
    key = page.input_value("[name=key]")
    page.keyboard.type("Zoe")
    page.keyboard.press("Enter")
    page.wait_for_function("key => document.querySelector('[name=key]').value !== key", arg=key)
    other.keyboard.press("3")  # about those who are Zoe by now
    other.wait_for_selector("text=meanwhile")
    assert "3 decisions so far" in other.inner_text(".told")
    other.close()

    page.click("text=Name the others")
    page.wait_for_url(re.compile(f"^{address}{ALBUM}/who"), timeout=60_000)
    page.go_back()
    assert "/who" in page.url or "/work/" in page.url


def deciding(page: Page, address: str) -> None:
    """A photo by itself: boxes on and off, a face decided on, taken back."""
    page.goto(f"{address}{ALBUM}/photos")
    page.focus(".wall .tiles a")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**/photo/*")
    assert page.locator(".box").first.is_visible()
    page.keyboard.press("b")
    assert not page.locator(".box").first.is_visible()
    face = page.locator(".one-face").first
    before = face.inner_text()
    face.locator("summary").click()
    face.locator("text=A stranger").click()
    page.wait_for_function("() => document.querySelector('.one-face').textContent.includes('a stranger')")
    page.wait_for_function("() => document.querySelector('.box text').textContent.includes('a stranger')")
    page.keyboard.press("Control+z")
    page.wait_for_function("text => document.querySelector('.one-face').innerText === text", arg=before)
    page.keyboard.press("Escape")
    page.wait_for_url("**/photos")


def people(page: Page, address: str) -> None:
    """Somebody renamed; somebody forgotten, with the receipt."""
    page.goto(f"{address}{ALBUM}/people")
    page.click("text=Rosa")
    page.click("summary")
    _look_over(page, "what can be done with a person")
    page.fill("#new", "Rosa Lund")
    page.press("#new", "Enter")
    page.wait_for_url(f"{address}{ALBUM}/people", timeout=60_000)
    assert "Rosa Lund" in page.inner_text(".cards")
    page.click("text=Kaito")
    page.click("summary")
    page.fill("#sure", "Rosa")
    page.press("#sure", "Enter")
    page.wait_for_selector("text=Nothing was deleted")
    _look_over(page, "a refusal")
    page.go_back()
    page.click("summary")
    page.fill("#sure", "Kaito")
    page.press("#sure", "Enter")
    page.wait_for_selector("text=What is yours to delete")
    _look_over(page, "the receipt")
    page.reload()  # nothing is sent again
    assert page.url == f"{address}{ALBUM}/people" and "Kaito" not in page.inner_text(".cards")


def exporting(page: Page, address: str) -> None:
    """What is saved is saved."""
    page.goto(f"{address}{ALBUM}/export")
    for text, name in (("Save the table", "faces.csv"), ("Save the sheet", "sheet.jpg")):
        with page.expect_download() as download:
            page.click(f"text={text}")
        assert download.value.suggested_filename == name and Path(download.value.path()).stat().st_size > 1000
    page.click("button:text-is('Copy')")
    page.wait_for_url(f"{address}{ALBUM}/export", timeout=60_000)


def starting(page: Page, address: str) -> None:
    """From a folder to a wall without anybody's name; photos that are dropped."""
    page.goto(f"{address}/start")
    page.click(".folders a >> nth=1")
    page.click(".folders a >> nth=0")
    page.select_option("#run", "")
    page.click("text=Look at this folder")
    page.wait_for_url(f"{address}/in/heroes/photos", timeout=120_000)
    page.wait_for_selector(".wall img")
    page.goto(f"{address}/start")
    docs = Path(__file__).parents[1] / "docs"
    _drop(page, "#drop", [docs / "images", docs / "studio.md"])
    page.wait_for_selector("text=studio.md: not a photo")
    _look_over(page, "files that can't be looked at")
    page.click("text=Look at the others")
    page.wait_for_url(f"{address}/in/dropped/photos", timeout=120_000)


def learning(page: Page, address: str) -> None:
    """A network learns before one's eyes, and is stopped; its report opens inside."""
    page.goto(f"{address}/learn")
    page.select_option("#folder", label="heroes")
    page.check("[value=cnn]")
    page.click("summary")
    page.check("[name=whole]")
    page.fill("#epochs", "40")
    page.fill("#settings", "image_size = 48\nbatch_size = 8")
    page.click("button.first")
    page.wait_for_selector("#curves canvas", timeout=120_000)
    _look_over(page, "a work under way")
    page.click("text=Stop, and keep")
    page.wait_for_selector("text=The report", timeout=120_000)
    _look_over(page, "a work that is over")
    page.click("text=The report")
    page.frame_locator("iframe").locator("h1").wait_for()


def trying(page: Page, address: str, cast: Path) -> None:
    """Real faces: learnt in seconds, named when they are dropped, enrolled with a click, in a film, by the camera."""
    page.goto(f"{address}/learn")
    page.select_option("#folder", label="cast")
    page.fill("#run-name", "real") if page.locator("#run-name").is_visible() else None
    page.click("button.first")
    page.wait_for_selector("a:text('Go on')", timeout=120_000)
    page.goto(f"{address}/try")
    photo = next(cast.rglob("*.jpg"))
    _drop(page, "#drop", [photo])
    page.wait_for_selector(".named-picture .box.named", timeout=30_000)
    _look_over(page, "a named picture")
    page.click(".named-picture .box")
    page.keyboard.type("Somebody else")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.named-picture p').textContent.trim().length > 0")
    for film in cast.parent.glob("*.mp4"):
        page.set_input_files("#pictures", film)
        page.click("[data-at] >> nth=-1", timeout=60_000)
        _look_over(page, "a named film")
        page.wait_for_function("() => document.querySelector('video[controls]').currentTime > 1")
    page.click("#camera")
    page.wait_for_selector("#over rect", timeout=30_000)
    assert page.locator("#over").bounding_box() == page.locator("#video").bounding_box()
    before = page.locator(".named-picture").count()
    page.click("#take")
    page.wait_for_function("count => document.querySelectorAll('.named-picture').length > count", arg=before)
    page.click("#camera")
    assert not page.locator("#live").is_visible()
    for reason, told in (("NotFoundError", "No camera was found"), ("NotAllowedError", "the system doesn't allow it")):
        refuse = "name => navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name); }"
        page.evaluate(refuse, reason)
        page.click("#camera")
        page.wait_for_selector(f'#notice:has-text("{told}")')


def _tab(browser: Browser, address: str, *, language: str = "en", size: str = "wide", colors: str = "light") -> Page:
    """A browser of its own that has come in; what a page complains of is a failure."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=language,
        color_scheme=colors,  # type: ignore[arg-type]
        permissions=["camera"],
        has_touch=size == "phone",
    )
    page = context.new_page()
    if browser.contexts[0] is context:
        page.goto(f"{address}/open")
        page.fill("input[name=token]", TOKEN)
        page.press("input[name=token]", "Enter")
        page.wait_for_url("**/in/**")
    else:  # few may try the door within a minute
        context.add_cookies(browser.contexts[0].cookies())
    page.on("pageerror", lambda error: _fail(f"{page.url}: {error}"))
    page.on("console", lambda said: _fail(f"{page.url}: {said.text}") if "Content Security" in said.text else None)
    page.on("request", lambda asked: None if asked.url.startswith((address, "data:", "blob:")) else _fail(asked.url))
    return page


def _fail(what: str) -> None:
    print(what, file=sys.stderr)
    os._exit(1)  # Playwright calls this from within, where nothing may be raised


def _drop(page: Page, target: str, paths: list[Path]) -> None:
    """Files or folders dropped onto a part of a page, as from a window of files."""
    box = page.locator(target).bounding_box()
    assert box
    hand = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path.resolve()) for path in paths], "dragOperationsMask": 1}
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    for kind in ("dragEnter", "dragOver", "drop"):
        hand.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})


def _film(photo: Path, path: Path) -> Path:
    """A photo as the film that a fake camera shows."""
    picture = Image.open(photo).convert("YCbCr").resize((640, 480))
    y, cb, cr = picture.split()
    planes = y.tobytes() + cb.resize((320, 240)).tobytes() + cr.resize((320, 240)).tobytes()
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + (b"FRAME\n" + planes) * 10)
    return path


if __name__ == "__main__":
    main()

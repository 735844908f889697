"""The studio's pages, asked without a browser: .ci/studio.py opens them in one."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import html
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the studio needs castlist[serve]")
pytest.importorskip("pyarrow", reason="archives need castlist[archive]")

import numpy as np
from PIL import Image

from castlist.archive import Archive, ArchiveFolder, HeldArchive, fill_archive, group_unnamed
from castlist.errors import CastlistError, Message
from castlist.faces import Box
from castlist.jobs import (
    Begun,
    CopySorted,
    Gather,
    Stopped,
    Teach,
    WriteTags,
    interruption,
    read_work,
    write_event,
)
from castlist.learning import begin
from castlist.media import UNKNOWN, FilmWriter
from castlist.naming import Recognizer
from castlist.naming.films import following
from castlist.painting import preview_face
from castlist.paths import spell
from castlist.people import forget, renew_report
from castlist.run import open_run
from castlist.testing import TILE, draw_picture, level_of, make_run, save_picture, tell_faces
from castlist.web import House, Limits, studio
from castlist.web.studio import export, people, who
from castlist.web.studio.page import _environment
from houses import PEOPLE, TOKEN, open_house, photo, visitor

STATIC = Path(studio.__file__).parent / "static"
HTMX = {"hx-request": "true"}
IN = "/in/album"
PAGES = ["/start", "/start?folder=0:", f"{IN}/photos", f"{IN}/photos/0", f"{IN}/who", f"{IN}/people"]
PAGES += [f"{IN}/person?name=Ann", f"{IN}/export", f"{IN}/tags", "/learn", "/try"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A house with an archive: Ann, Ann with Bo, four photos of one stranger, two of another."""
    house = open_house(tmp_path)
    save_picture(tmp_path / "photos" / "ann.png", [level_of(0)])
    save_picture(tmp_path / "photos" / "sea" / "both.png", [level_of(0, look=2), level_of(1)])
    for look in range(4):
        save_picture(tmp_path / "photos" / f"stranger{look}.png", [level_of(9, look=look)])
    for look in range(2):
        save_picture(tmp_path / "photos" / f"other{look}.png", [level_of(11, look=look)])
    fill_archive(tmp_path / "photos", house.runs / "team", house.archives / "album", finder=tell_faces)
    group_unnamed(house.archives / "album")
    return tmp_path


@pytest.fixture
def client(home: Path) -> Any:
    return visitor(open_again(home))


def open_again(home: Path) -> House:
    return House(runs=home / "runs", roots=(home / "photos",), token=TOKEN)


def archive(home: Path) -> Archive:
    return Archive(home / "archives" / "album")


def fields(page: str) -> dict[str, str]:
    """What the question's form would send."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def faces_in(page: str) -> list[str]:
    """Whom a question is about."""
    return re.findall(r'data-face value="([^"]+)"', page)


def key_of(home: Path, name: str) -> str:
    (face,) = (one for one in archive(home).faces() if one.path.name == name and one.number == 1)
    return f"{face.digest}-{face.number}"


def works(client: Any) -> list[Any]:
    """What was begun, the newest first."""
    book = client.app.desk.jobs
    return [(note.kind, note) for note in book.notes()]


@pytest.mark.parametrize("language", ["en", "zh-TW"])
@pytest.mark.parametrize("address", PAGES)
def test_pages_are_in_both_languages_and_bring_all_they_need(client: Any, address: str, language: str) -> None:
    answer = client.get(address, headers={"accept-language": language})
    assert answer.status_code == 200
    page = answer.text
    assert not re.search(r"(src|href|action|hx-\w+)=\"(https?:)?//", page)
    assert all("lazy" in one for one in re.findall(r'<img class="face"[^>]*>', page))  # each costs a look at its photo
    assert "style=" not in page and "<style" not in page and not re.search(r"\son\w+=", page)
    for script in re.findall(r"<script[^>]*>(.*?)</script>", page):
        assert not script
    for file in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        assert client.get(file).status_code == 200
    if "<html" in page:
        assert f'lang="{"zh-Hant-TW" if language == "zh-TW" else "en"}"' in page
        assert ("照片" in page) == (language == "zh-TW")
    assert answer.headers["cache-control"] == "no-store"


def test_the_first_page_is_the_archive_or_how_to_make_one(client: Any, tmp_path: Path) -> None:
    assert client.get("/").headers["location"] == f"{IN}/photos"
    empty = visitor(open_house(tmp_path / "empty"))
    assert empty.get("/").headers["location"] == "/start"


def test_a_chosen_language_stays(client: Any) -> None:
    assert client.post("/language", data={"language": "zh-TW"}).status_code == 303
    assert 'lang="zh-Hant-TW"' in client.get("/start", headers={"accept-language": "en"}).text


def test_another_language_is_spoken_where_one_is_unless_that_was_a_deed(client: Any) -> None:
    there = {"language": "zh-TW"}, {"referer": f"http://127.0.0.1:8765{IN}/people"}
    assert client.post("/language", data=there[0], headers=there[1]).headers["location"].endswith(f"{IN}/people")
    page = client.post(f"{IN}/person/forget", data={"name": "Ann", "sure": "Bo"}).text
    said = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.partition("/language")[2].partition("</form>")[0]))
    assert client.post("/language", data=said, headers=there[1]).headers["location"] == "/"


def test_only_the_folders_that_were_given_are_reachable(client: Any, home: Path) -> None:
    assert "sea" in client.get("/start?folder=0:").text
    for folder in ("0:..", "0:sea/../..", "1:", ":", "0:/etc", "-1:", "0:sea\\..\\.."):
        assert client.get("/start", params={"folder": folder}).status_code == 404
        assert client.post("/start", data={"folder": folder, "run": ""}).status_code == 404
    assert works(client) == []


def test_an_archive_is_made_in_the_background(client: Any, home: Path) -> None:
    answer = client.post("/start", data={"folder": "0:sea", "run": "team"})
    ((kind, note),) = works(client)
    assert kind == "Gather" and answer.headers["location"] == f"/work/{note.id}?then=/in/sea/photos"
    page = client.get(answer.headers["location"]).text
    assert f"/api/v1/jobs/{note.id}/events" in page
    client.post("/start", data={"folder": "0:", "run": "team"})  # whose archive has another name
    assert "then=/in/album/photos" in client.post("/start", data={"folder": "0:", "run": ""}).headers["location"]


def test_a_folder_that_was_looked_at_leads_to_its_archive(client: Any, home: Path) -> None:
    begin(home / "runs")
    page = client.get("/start?folder=0:").text
    assert f'href="{IN}/photos"' in page.partition("<main")[2] and f'action="{IN}/refresh"' in page
    assert re.findall(r'<option value="([^"]*)">', page) == ["team", ""]  # a run that knows nobody is no choice
    assert "/refresh" not in client.get("/start?folder=0:sea").text


def test_a_work_that_waits_says_so(client: Any) -> None:
    first = client.post(f"{IN}/refresh").headers["location"]
    assert "Beginning" in client.get(first).text  # nothing else is to be done: it is begun at once
    where = client.post(f"{IN}/refresh").headers["location"]
    assert "Other work is done first." in client.get(where).text
    job = client.app.desk.jobs.waiting()[-1]
    (client.app.desk.jobs.folder / f"{job}.jsonl").write_bytes(b"")  # as who begins it does
    assert "Beginning" in client.get(where).text


def test_an_archive_may_be_called_anything_a_folder_can(client: Any, home: Path) -> None:
    odd = "Juli & August #1? 100%"
    save_picture(home / "photos" / odd / "a.png", [level_of(0)])
    where = client.post("/start", data={"folder": f"0:{odd}", "run": "team"}).headers["location"]
    fill_archive(home / "photos" / odd, home / "runs" / "team", home / "archives" / odd, finder=tell_faces)
    onward = re.search(r'href="(/in/[^"]+)"', client.get(where).text.partition("<main")[2])
    assert onward is None  # it isn't over
    page = client.get(client.get("/").headers["location"]).text
    assert odd.replace("&", "&amp;") in page
    for address in set(re.findall(r'(?:href|src)="(/in/[^"]+)"', page)):
        assert client.get(html.unescape(address)).status_code == 200, address


def test_photos_that_are_wrong_are_decided_on_and_moved_back(client: Any, home: Path) -> None:
    cast = home / "photos" / "cast"
    for name, look in (("Ann", 0), ("Ann", 1), ("Bo", 2), ("Bo", 3)):
        noise = np.random.default_rng(look).integers(0, 256, (80, 90, 3), np.uint8)
        (cast / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise).save(cast / name / f"{look}.png")
    shutil.copy(cast / "Ann" / "0.png", cast / "Bo" / "0.png")
    page = client.get("/checked", params={"folder": "0:cast"}).text
    assert "pictures under two names" in page and 'data-file="Bo/0.png"' in page
    for address in re.findall(r'src="(/checked[^"]+)"', page):
        assert client.get(html.unescape(address)).headers["content-type"] == "image/jpeg"
    sent = {"folder": "0:cast", "choices": json.dumps({"Bo/0.png": "", "../evil": "Ann"})}
    told = client.post("/checked", data=sent).headers["location"]
    for _ in range(2):  # to load it again moves nothing
        assert "1 photo was moved" in client.get(told).text
    assert not (cast / "Bo" / "0.png").exists() and (home / "photos" / "cast-aside" / "Bo" / "0.png").exists()
    assert client.post("/checked/undo", data={"folder": "0:cast"}).headers["location"].endswith("moved=1")
    assert (cast / "Bo" / "0.png").exists()
    assert client.post("/checked", data={**sent, "choices": "[1]"}).status_code == 400
    small = {"folder": "0:cast", "file": "../../runs/team/run.json", "digest": "0"}
    assert client.get("/checked/small.jpg", params=small).status_code == 404


def test_dropped_photos_are_kept_under_no_name_of_theirs(client: Any, home: Path) -> None:
    picture = photo(home, [level_of(0)])
    files = [("photos", ("../../evil.png", picture)), ("photos", ("b.html", picture)), ("photos", ("c.png", b"none"))]
    assert client.post("/start/drop", files=files).status_code == 303
    kept = sorted(path.name for path in (home / "dropped").iterdir())
    stem = hashlib.sha256(picture).hexdigest()[:32]
    assert kept == [f"{stem}.jpg", f"{stem}.png"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in (home / "dropped").iterdir())


def test_photos_are_dropped_some_at_a_time_and_what_is_none_is_told(client: Any, home: Path) -> None:
    assert client.post("/start/drop", data={"more": "false"}).status_code == 422
    files = [("photos", ("a.png", photo(home, [level_of(0)]))), ("photos", ("<b>.txt", b"none"))]
    answer = client.post("/start/drop", files=files, data={"more": "true"}, headers=HTMX)
    assert re.findall(r"<bdi[^>]*>(.*?)</bdi>: (.*?)</li>", answer.text) == [
        ("&lt;b&gt;.txt", "not a photo of a known format")
    ]
    assert works(client) == []
    gone = client.post("/start/drop", data={"more": "false"}, headers=HTMX)
    assert "/in/dropped/photos" in gone.headers["hx-redirect"]


def test_an_archive_of_dropped_photos_stays_with_the_run_that_names_it(client: Any, home: Path) -> None:
    make_run(home / "runs" / "taught", ["Ann"])
    (home / "dropped").mkdir()
    save_picture(home / "dropped" / "0.png", [level_of(0)])
    fill_archive(home / "dropped", home / "runs" / "taught", home / "archives" / "dropped", finder=tell_faces)
    make_run(home / "runs" / "zoo", ["Zoe"])
    client.post("/start/drop", files=[("photos", ("a.png", photo(home, [level_of(1)])))])
    (work,) = client.app.desk.jobs.folder.glob("*.work")
    assert read_work(work.read_bytes()).run == home / "runs" / "taught"


def test_the_wall_shows_every_photo_in_parts(client: Any, home: Path) -> None:
    for i in range(120):
        save_picture(home / "photos" / f"{i:03}.png", [level_of(0, look=i % 8)] * (i % 3))
    fill_archive(home / "photos", home / "runs" / "team", home / "archives" / "album", finder=tell_faces)
    page = client.get(f"{IN}/photos").text
    shown = re.findall(r"/photo/([0-9a-f]{64})", page)
    assert len(shown) == 96
    for address in re.findall(r'data-from="([^"]+)"', page):
        shown += re.findall(r"/photo/([0-9a-f]{64})", client.get(address, headers=HTMX).text)
    assert len(shown) == 128


def test_the_first_pages_wait_for_nothing_that_they_do_without(home: Path) -> None:
    HeldArchive(home / "archives" / "album").files()  # as whoever came before
    asking = """
import asyncio, sys
from pathlib import Path
from castlist.web import App, House
house = House(runs=Path(sys.argv[1]) / "runs", roots=(Path(sys.argv[1]) / "photos",), token="a token of some length")
app, told = App(house), []
app.prepare()
headers = [(b"host", b"127.0.0.1:8765"), (b"authorization", b"Bearer a token of some length")]
async def ask(path):
    async def receive(body=[b""]):
        if not body:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": body.pop()}
    async def send(event):
        told.append(event.get("status"))
    await app({"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "root_path": "", "path": path,
               "raw_path": path.encode(), "query_string": b"", "server": None, "client": None, "headers": headers},
              receive, send)
for path in sys.argv[2:]:
    asyncio.run(ask(path))
heavy = {"fastapi", "numpy", "cv2", "PIL", "pyarrow", "castlist.jobs.works"}
print([status for status in told if status], heavy & set(sys.modules))
"""
    digest = key_of(home, "ann.png")[:64]
    kept = home / "archives" / "album" / "index" / "small" / digest[:2] / f"{digest}.jpg"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"small")
    first = ["/", "/start", f"{IN}/photos", f"{IN}/photos/0", f"{IN}/small/{digest}.jpg", "/static/studio.css"]
    words = [sys.executable, "-c", asking, str(home)]
    assert subprocess.check_output([*words, *first], text=True) == "[303, 200, 200, 200, 200, 200] set()\n"


def test_a_name_stands_inside_its_picture() -> None:
    ui = _environment().get_template("ui.html.jinja").make_module()
    assert 'x="5.0" y="80.0"' in ui.label(Box(5.0, 10.0, 30.0, 76.0), 120, 100, "Ann")
    at_the_corner = ui.label(Box(80.0, 10.0, 119.0, 100.0), 120, 100, "Ann")
    assert 'x="119.0" y="99.0"' in at_the_corner and 'text-anchor="end"' in at_the_corner


def test_from_a_damaged_archive_the_others_are_reached(client: Any, home: Path) -> None:
    shutil.copytree(home / "archives" / "album", home / "archives" / "other")
    (home / "archives" / "album" / "archive.json").write_text("{")
    damaged = client.get(f"{IN}/photos")
    assert damaged.status_code == 422 and 'href="/in/other/photos"' in damaged.text
    assert client.get("/in/other/photos").status_code == 200


def test_why_a_photo_can_t_be_shown_is_told_in_the_page_s_language(client: Any, home: Path) -> None:
    (home / "photos" / "torn.jpg").write_bytes(b"torn")
    fill_archive(home / "photos", home / "runs" / "team", home / "archives" / "album", finder=tell_faces)
    for language, told in (("en", "not a photo of a known format"), ("zh-TW", "不是可讀取的照片格式")):
        assert told in client.get(f"{IN}/photos", headers={"accept-language": language}).text


def test_from_photo_to_photo_no_copy_leads_back(client: Any, home: Path) -> None:
    for copy in ("a.png", "z.png"):
        shutil.copy(home / "photos" / "ann.png", home / "photos" / copy)
    fill_archive(home / "photos", home / "runs" / "team", home / "archives" / "album", finder=tell_faces)
    links = re.findall(rf'href="({IN}/photo/[0-9a-f]{{64}})"', client.get(f"{IN}/photos").text)
    seen, following = [], links[:1]
    while following and len(seen) < 20:
        seen += following
        following = re.findall(r'data-key="ArrowRight" href="([^"]+)"', client.get(following[0]).text)
    assert len(seen) == len(set(links)) == 8 and len(links) == 10


def test_a_photo_that_is_gone_says_so(client: Any, home: Path) -> None:
    address = f"{IN}/photo/{key_of(home, 'ann.png').partition('-')[0]}"
    assert 'class="problem"' not in client.get(address).text
    (home / "photos" / "ann.png").unlink()
    assert "isn&#39;t there any more" in client.get(address).text


def test_photos_of_an_archive_that_can_only_be_read_are_shown(
    client: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = key_of(home, "ann.png")[:64]
    shutil.rmtree(home / "archives" / "album" / "index")

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert client.get(f"{IN}/photos").status_code == client.get(f"{IN}/small/{digest}.jpg").status_code == 200


def test_a_face_at_the_edge_of_its_photo_is_shown_without_black(tmp_path: Path) -> None:
    path = tmp_path / "white.png"
    Image.new("RGB", (300, 200), "white").save(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    for box in (Box(0, 0, 90, 90), Box(200, 120, 300, 200), Box(-20, 0, 320, 200)):
        shown = Image.open(io.BytesIO(preview_face(path, box, 192, digest=digest)))
        assert shown.size == (192, 192) and min(low for low, _ in shown.getextrema()) > 250


def test_an_address_without_a_page_is_told_on_a_page_and_to_programs_as_a_problem(client: Any) -> None:
    for language, told in (("en", "There is no such page."), ("zh-TW", "沒有這個頁面")):
        answer = client.get("/nowhere", headers={"accept": "text/html", "accept-language": language})
        assert answer.status_code == 404 and told in answer.text and "<nav" in answer.text
    assert client.get("/language", headers={"accept": "text/html"}).status_code == 405
    assert client.get("/nowhere").json()["code"] == "no-such-address"


def test_small_photos_are_kept_with_the_archive_and_faces_nowhere(client: Any, home: Path) -> None:
    key = key_of(home, "ann.png")
    digest = key.partition("-")[0]
    index = home / "archives" / "album" / "index"
    client.get(f"{IN}/photos")
    before = set(index.rglob("*"))
    for address, side in ((f"face/{key}", 192), (f"large/{digest}", 100)):
        answer = client.get(f"{IN}/{address}.jpg")
        assert Image.open(io.BytesIO(answer.content)).size == (side, side)
        assert answer.headers["cache-control"] == "no-store"
    assert set(index.rglob("*")) == before
    first = client.get(f"{IN}/small/{digest}.jpg").content
    (kept,) = (path for path in set(index.rglob("*")) - before if path.is_file())
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert kept.read_bytes() == first == client.get(f"{IN}/small/{digest}.jpg").content
    save_picture(home / "photos" / "ann.png", [level_of(5)])
    assert client.get(f"{IN}/large/{digest}.jpg").status_code == 404  # it is another photo by now


def test_the_small_photo_of_one_that_is_gone_goes_too(client: Any, home: Path) -> None:
    for digest in re.findall(r"/photo/([0-9a-f]{64})", client.get(f"{IN}/photos").text):
        client.get(f"{IN}/small/{digest}.jpg")
    small = home / "archives" / "album" / "index" / "small"
    before = len(list(small.rglob("*.jpg")))
    (home / "photos" / "ann.png").unlink()
    fill_archive(home / "photos", home / "runs" / "team", home / "archives" / "album", finder=tell_faces)
    client.get(f"{IN}/photos")
    assert len(list(small.rglob("*.jpg"))) == before - 1


def test_a_question_is_answered_and_the_next_one_asked(client: Any, home: Path) -> None:
    first = client.get(f"{IN}/who").text
    assert len(faces_in(first)) == 4
    second = client.post(f"{IN}/who", data={**fields(first), "kind": "is", "name": " Dora "}, headers=HTMX)
    assert "4 faces are Dora now." in second.text
    assert "<html" not in second.text and len(faces_in(second.text)) == 2
    assert second.headers["hx-replace-url"] == f"?at={fields(second.text)['key']}"
    assert {face.path.name for face in archive(home).faces({"Dora"})} == {f"stranger{i}.png" for i in range(4)}
    third = client.post(f"{IN}/who", data={**fields(second.text), "kind": "stranger"}, headers=HTMX).text
    assert "asked about" in third
    client.post(f"{IN}/who/undo", headers=HTMX)
    back = client.post(f"{IN}/who/undo", headers=HTMX).text
    assert faces_in(back) == faces_in(first)
    assert not list(archive(home).faces({"Dora"}) if "Dora" in archive(home).people() else ())


def test_all_of_many_can_be_seen(client: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for room in (who, people, export):
        monkeypatch.setattr(room, "MOST", 1)
    page = client.get(f"{IN}/who").text
    key = fields(page)["key"]
    assert len(faces_in(page)) == 1 and "Show all 4" in page
    page = client.get(f"{IN}/who", params={"at": key, "every": "true"}, headers=HTMX).text
    assert len(faces_in(page)) == 4 and "Show all" not in page
    for address, shown in ((f"{IN}/person?name=Ann", 'class="face"'), (f"{IN}/tags", "<ins>")):
        first, all_of_it = client.get(address).text, client.get(address, params={"every": "true", "name": "Ann"}).text
        assert "Show all 2" in first and first.count(shown) == 1
        assert "Show all" not in all_of_it and all_of_it.count(shown) > 1


def test_who_is_left_out_of_a_group_stays_unnamed(client: Any, home: Path) -> None:
    page = client.get(f"{IN}/who").text
    asked, left_out = fields(page), faces_in(page)[-1]
    client.post(f"{IN}/who", data={**asked, "kind": "is", "name": "Dora", "without": left_out}, headers=HTMX)
    assert len(list(archive(home).faces({"Dora"}))) == 3
    assert left_out in client.get(f"{IN}/who", params={"at": asked["key"]}).text


def test_what_was_decided_can_be_learnt_from(client: Any, home: Path) -> None:
    assert f'action="{IN}/teach"' not in client.get("/learn").text
    client.post(f"{IN}/who", data={**fields(client.get(f"{IN}/who").text), "kind": "is", "name": "Zoe"}, headers=HTMX)
    assert f'action="{IN}/teach"' in client.get("/learn").text


def test_later_goes_on_to_the_next(client: Any) -> None:
    first = fields(client.get(f"{IN}/who").text)
    second = fields(client.post(f"{IN}/who", data={**first, "kind": "later"}, headers=HTMX).text)
    assert second["key"] != first["key"]
    again = fields(client.post(f"{IN}/who", data={**second, "kind": "later"}, headers=HTMX).text)
    assert again["key"] == first["key"]


def test_what_is_taken_back_is_asked_about_again(client: Any, home: Path) -> None:
    save_picture(home / "photos" / "pair.png", [level_of(9), level_of(11)])
    fill_archive(home / "photos", home / "runs" / "team", home / "archives" / "album", finder=tell_faces)
    group_unnamed(home / "archives" / "album")
    first = fields(client.get(f"{IN}/who").text)
    page = client.post(f"{IN}/who", data={**first, "kind": "later"}, headers=HTMX).text
    second, pair = fields(page), archive(home).spot("pair.png", face=2).photo
    others = " ".join(face for face in faces_in(page) if not face.startswith(pair))
    client.post(f"{IN}/who", data={**second, "kind": "stranger", "without": others}, headers=HTMX)
    assert fields(client.post(f"{IN}/who/undo", headers=HTMX).text)["key"] == second["key"]


def test_of_two_who_answer_at_once_the_second_is_told(home: Path) -> None:
    one, other = visitor(open_again(home)), visitor(open_again(home))
    asked = fields(one.get(f"{IN}/who").text)
    one.post(f"{IN}/who", data={**asked, "kind": "is", "name": "Dora"}, headers=HTMX)
    told = other.post(f"{IN}/who", data={**asked, "kind": "is", "name": "Eve"}, headers=HTMX).text
    assert "meanwhile" in told
    assert archive(home).people() == {"Ann", "Bo", "Dora", UNKNOWN}


@pytest.mark.parametrize(("kind", "name"), [("is", ""), ("is", "../x"), ("is", "unknown"), ("undo", "x"), ("no", "")])
def test_what_is_no_answer_decides_nothing(client: Any, home: Path, kind: str, name: str) -> None:
    asked = fields(client.get(f"{IN}/who").text)
    answer = client.post(f"{IN}/who", data={**asked, "kind": kind, "name": name}, headers=HTMX)
    assert "<html" not in answer.text and (answer.status_code >= 400 or "Type a name" in answer.text)
    assert archive(home).decisions == []


def test_a_face_is_decided_on_where_it_is(client: Any, home: Path) -> None:
    key = key_of(home, "both.png")
    sent = {"face": key, "known": "Ann"}
    named = client.post(f"{IN}/decide", data={**sent, "kind": "is", "name": "Dora"}, headers=HTMX)
    assert "Dora" in named.text and named.text.lstrip().startswith("<article")
    assert 'form="undo"' in named.text and 'form="undo"' not in client.get(f"{IN}/photo/{key.partition('-')[0]}").text
    back = client.post(f"{IN}/decide", data={**sent, "kind": "is-not", "known": "Dora"}, headers=HTMX)
    assert re.search("<h2>.*Ann.*</h2>", back.text.replace("\n", ""))  # as it was computed
    gone = client.post(f"{IN}/decide", data={**sent, "kind": "no-face"}, headers={**HTMX, "hx-current-url": "/x"})
    assert gone.headers["hx-redirect"] == "/x"
    assert client.post(f"{IN}/undo", headers=HTMX).status_code == 204
    assert len(archive(home).decisions) == 2


def test_the_face_that_is_shown_for_a_person_is_chosen(client: Any, home: Path) -> None:
    key = key_of(home, "both.png")
    client.post(f"{IN}/decide", data={"face": key, "kind": "portrait", "known": "Ann"})
    assert f"/face/{key}.jpg" in client.get(f"{IN}/people").text
    client.post(f"{IN}/undo")
    assert f"/face/{key_of(home, 'ann.png')}.jpg" in client.get(f"{IN}/people").text


def test_somebody_is_called_otherwise_merged_and_forgotten(client: Any, home: Path) -> None:
    client.post(f"{IN}/person/rename", data={"name": "Ann", "new": "Ana Lima"})
    assert open_run(home / "runs" / "team").people == ("Ana Lima", *PEOPLE[1:])
    client.post(f"{IN}/person/merge", data={"name": "Cleo", "into": "Bo"})
    assert open_run(home / "runs" / "team").people == ("Ana Lima", "Bo")
    assert [kind for kind, _ in works(client)] == ["Gather", "Gather"]
    refused = client.post(f"{IN}/person/forget", data={"name": "Bo", "sure": "bob"})
    assert refused.status_code == 422 and "Nothing was deleted" in refused.text
    receipt = client.post(f"{IN}/person/forget", data={"name": "Bo", "sure": "Bo"})
    assert (receipt.status_code == 200 and "The photos themselves" in receipt.text) or "backups" in receipt.text
    assert open_run(home / "runs" / "team").people == ("Ana Lima",)
    assert "Bo" not in archive(home).people()


def test_nothing_of_whoever_is_forgotten_is_left_but_what_the_receipt_names(client: Any, home: Path) -> None:
    album = home / "archives" / "album"
    strangers = [key_of(home, f"stranger{look}.png") for look in range(4)]
    asked = fields(client.get(f"{IN}/who").text)
    client.post(f"{IN}/who", data={**asked, "kind": "is", "name": "Zoebeth"}, headers=HTMX)
    for address in ("sheet.jpg?name=Zoebeth", "faces.csv", *(f"small/{key[:64]}.jpg" for key in strangers)):
        assert client.get(f"{IN}/{address}").status_code == 200
    client.post("/learn", data={"folder": "0:", "model": "face", "name": "Zoebeth"})
    ((_, note),) = works(client)
    (home / "runs" / ".serve" / "jobs" / f"{note.id}.jsonl").write_bytes(write_event(Stopped()))
    CopySorted(album, home / "sorted" / "album").do(lambda event: None)
    receipt = client.post(f"{IN}/person/forget", data={"name": "Zoebeth", "sure": "Zoebeth"}).text
    for folder in (home / "archives", home / "runs"):
        left = [path for path in folder.rglob("*") if path.is_file()]
        assert not [path for path in left if b"Zoebeth" in path.read_bytes() or path.suffix == ".jpg"]
    for folder in (home / "sorted" / "album" / "Zoebeth", home / "photos"):
        assert repr(str(folder)) in html.unescape(receipt)


@pytest.mark.parametrize("also", [False, True])
def test_a_forgotten_name_goes_out_of_the_files_beside_the_photos_where_it_shall(
    client: Any, home: Path, also: bool
) -> None:
    WriteTags(home / "archives" / "album").do(lambda event: None)
    beside = home / "photos" / "sea" / "both.png.xmp"
    assert "Bo" in beside.read_text("utf-8")
    sent = {"name": "Bo", "sure": "Bo", **({"tags": "true"} if also else {})}
    receipt = client.post(f"{IN}/person/forget", data=sent).text
    assert ("from the metadata of 1 sidecars" in receipt) == also
    assert ("wrote the name into" in receipt) != also
    assert "Ann" in beside.read_text("utf-8") and ("Bo" in beside.read_text("utf-8")) != also


def test_a_picture_is_named_and_its_face_learnt_with_nothing_kept(client: Any, home: Path) -> None:
    sent = {"photo": ("x.png", photo(home, [level_of(0, look=3), level_of(9)]), "image/png")}
    before = {path for path in home.rglob("*") if path.is_file()}
    page = client.post("/try", data={"run": "team"}, files=sent).text
    assert "Ann 100 %" in page and "unknown" in page
    assert {path for path in home.rglob("*") if path.is_file()} == before
    stranger = re.search(r'data-face="(\d)" class="box unnamed"', page)
    assert stranger
    told = {"run": "team", "face": stranger[1], "name": "Dora"}
    learnt = client.post("/try/enrol", data=told, files=sent).text
    assert "Dora" in learnt and 'role="alert"' not in learnt
    assert "Dora is known by this very face already." in client.post("/try/enrol", data=told, files=sent).text
    doubted = client.post("/try/enrol", data=told | {"name": "Ann"}, files=sent).text
    assert "the run knows this very face as Dora." in doubted.partition('role="alert"')[2]
    assert "Dora" in open_run(home / "runs" / "team").people
    frame = client.post("/try/frame", data={"run": "team"}, files=sent).json()["faces"]
    assert {face["text"].partition(" ")[0] for face in frame} == {"Ann", "Dora"}
    bad = client.post("/try", data={"run": "team"}, files={"photo": ("x.png", b"none")}, headers=HTMX)
    assert bad.status_code == 422 and "can&#39;t be read" in bad.text


def test_a_film_says_who_is_in_it_when_with_nothing_kept(
    client: Any, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("av", reason="films need castlist[films]")
    from test_archive_films import find_tiles

    monkeypatch.setattr(following, "find_upright", find_tiles)
    path = tmp_path / "drawn" / "film.mp4"
    with FilmWriter(path, 20, (2 * TILE, TILE)) as film:
        for frame in range(40):
            film.write(draw_picture([level_of(0, look=4), level_of(20, look=4) if frame >= 20 else 0]))
    sent = {"photo": ("x.jpg", path.read_bytes(), "image/jpeg")}
    before = {path for path in home.rglob("*") if path.is_file()}
    page = client.post("/try", data={"run": "team"}, files=sent).text
    rows = re.findall(r'data-at="([^"]+)">([^<]+)</button></td><th scope="row">([^<]+)</th>', page)
    assert [(at, when) for at, when, _ in rows] == [("0.0", "0:00.0–0:02.0"), ("1.0", "0:01.0–0:02.0")]
    assert rows[0][2].startswith("Ann ") and rows[1][2] == "unknown"
    assert {path for path in home.rglob("*") if path.is_file()} == before
    short = visitor(House(runs=home / "runs", token=TOKEN, limits=Limits(film_seconds=1)))
    refused = short.post("/try", data={"run": "team"}, files=sent, headers=HTMX)
    assert refused.status_code == 422 and "longer than 1 seconds" in refused.text


def test_faces_of_an_archive_s_films_are_shown(client: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("av", reason="films need castlist[films]")
    from test_archive_films import find_tiles

    monkeypatch.setattr(following, "find_upright", find_tiles)
    client.app.desk.finder = find_tiles
    with FilmWriter(home / "photos" / "film.mp4", 20, (2 * TILE, TILE)) as film:
        for _ in range(40):
            film.write(draw_picture([level_of(0, look=4), level_of(20, look=4)]))
    fill_archive(home / "photos", home / "runs" / "team", home / "archives" / "album", finder=tell_faces)
    answer = client.get(f"{IN}/face/{key_of(home, 'film.mp4')}.jpg")
    assert Image.open(io.BytesIO(answer.content)).size == (192, 192)
    page = client.get(f"{IN}/photo/{key_of(home, 'film.mp4').partition('-')[0]}").text
    assert "/hidden/" not in page  # films are hidden otherwise


def test_what_was_decided_is_taught_and_copied(home: Path) -> None:
    folder = ArchiveFolder(home / "archives" / "album")
    strangers = [face for face in Archive(folder.path).faces({UNKNOWN}) if face.path.name.startswith("stranger")]
    Archive(folder.path).decide_all("is", [face.spot for face in strangers[:3]], name="Dora")
    Teach(folder.path, home / "runs").do(lambda event: None)
    assert "Dora" in open_run(home / "runs" / "team").people
    assert len(list(Archive(folder.path).faces({"Dora"}))) == 4
    told = CopySorted(folder.path, home / "sorted").do(lambda event: None)
    assert (told.written, told.there) == (7, 0)
    assert sorted(path.name for path in (home / "sorted" / "Ann").iterdir()) == ["ann.png", "both.png"]
    assert CopySorted(folder.path, home / "sorted").do(lambda event: None).there == 7
    receipt = forget(home / "runs" / "team", "Ann", archive=folder.path)
    copies = {str(one.values["path"]) for one in receipt.remaining if one.code == "copy-remains"}
    assert {str(home / "sorted" / "Ann" / name) for name in ("ann.png", "both.png")} <= copies


def test_a_cast_is_learnt_by_the_names_of_other_programs(client: Any, home: Path) -> None:
    casts, _, others = client.get("/learn").text.partition("Other folders")
    assert 'value="0:"' in casts and 'value="0:sea"' in others and 'name="marked" value="true">' in others
    sent = {"folder": "0:sea", "model": "face"}
    for more, code in (({"marked": "true"}, "marked-nobody"), ({}, "cast-only-files")):
        client.post("/learn", data={**sent, **more})
        book = client.app.desk.jobs
        work = read_work((book.folder / f"{book.notes()[0].id}.work").read_bytes())
        with pytest.raises(CastlistError) as refused:
            work.do(lambda event: None)
        assert refused.value.code == code
        time.sleep(0.002)  # works are in order by the millisecond


def test_runs_are_compared_that_were_ticked(client: Any, home: Path) -> None:
    make_run(home / "runs" / "other & one", PEOPLE)
    renew_report(home / "runs" / "team")
    assert 'name="run"' in client.get("/learn").text and "Compare the ticked" not in client.get("/learn").text
    renew_report(home / "runs" / "other & one")
    other = open_run(home / "runs" / "other & one")
    dataclasses.replace(other, settings=dataclasses.replace(other.settings, stranger_rate=0.02)).save()
    boxes = re.findall(r'name="run" value="([^"]+)"', client.get("/learn").text)
    asked = {"run": sorted(map(html.unescape, boxes), reverse=True)}
    page = client.get("/compare", params=asked).text
    rows = [re.findall(r"<t[hd][^>]*>([^<]*)<", row) for row in re.findall("<tr>.*?</tr>", page)]
    assert rows[0] == ["", "team", "other &amp; one"] and ["stranger_rate", "0.01", "0.02"] in rows
    assert "McNemar" in page and "within what chance gives" in page
    chinese = client.get("/compare", params=asked, headers={"accept-language": "zh-TW"}).text
    assert "McNemar 檢定" in chinese and "within" not in chinese
    assert "needs two runs" in client.get("/compare?run=team&run=team").text
    assert client.get("/compare?run=team&run=../team").status_code == 404


def test_a_training_that_was_interrupted_is_gone_on_with(client: Any, home: Path) -> None:
    left = dataclasses.replace(make_run(home / "runs" / "half & one", PEOPLE), complete=False)
    left.save()
    (address,) = re.findall(r'formaction="(/runs/[^"]+)"', client.get("/learn").text)
    answer = client.post(address, follow_redirects=False)
    ((kind, note),) = works(client)
    assert kind == "Resume" and answer.headers["location"].startswith(f"/work/{note.id}")
    assert read_work((home / "runs" / ".serve" / "jobs" / f"{note.id}.work").read_bytes()).run == left.path
    assert "<h1>Learning</h1>" in client.get(f"/work/{note.id}").text
    assert "/resume" not in client.get("/learn").text  # it is at work
    ended = interruption([Begun(left.path, {})], Message("house-ended", "castlist serve had ended"))
    (home / "runs" / ".serve" / "jobs" / f"{note.id}.jsonl").write_bytes(write_event(ended))
    page = client.get(f"/work/{note.id}").text
    assert f'action="{address}"' in page and "castlist resume" not in page
    assert client.post("/runs/..%2Fteam/resume").status_code == 404


def test_photos_whose_people_nobody_knows_are_gathered_with_a_new_run(home: Path) -> None:
    save_picture(home / "others" / "x.png", [])
    Gather(home / "others", home / "archives" / "others", home / "runs").do(lambda event: None)
    record = ArchiveFolder(home / "archives" / "others").record()
    assert Recognizer.load(record.run).run.people == ()


def test_names_are_shown_before_they_are_written_beside_the_photos(client: Any, home: Path) -> None:
    page = client.get(f"{IN}/tags").text
    assert "sea/both" in page and "Write 2 files" in page
    assert not list(home.rglob("*.xmp"))
    assert client.post(f"{IN}/tags").status_code == 303
    folder = home / "archives" / "album"
    assert WriteTags(folder).do(lambda event: None).sidecars == 2
    assert "Nothing is to be written" in client.get(f"{IN}/tags").text
    assert WriteTags(folder, undo=True).do(lambda event: None).sidecars == 2
    assert not list(home.rglob("*.xmp"))


def test_the_table_the_sheet_and_hidden_faces_are_saved(client: Any, home: Path) -> None:
    lines = client.get(f"{IN}/faces.csv").content.decode("utf-8-sig").splitlines()
    assert len(lines) == 10 and lines[1].startswith("ann.png,1,Ann,")
    assert Image.open(io.BytesIO(client.get(f"{IN}/sheet.jpg", params={"name": "Ann"}).content)).format == "JPEG"
    digest = key_of(home, "both.png").partition("-")[0]
    hidden = Image.open(io.BytesIO(client.get(f"{IN}/hidden/{digest}.jpg", params={"whom": "Bo"}).content))
    shown = Image.open(home / "photos" / "sea" / "both.png")
    different = [x for x in (50, 150) if abs(hidden.getpixel((x, 50))[0] - shown.getpixel((x, 50))[0]) > 3]
    assert hidden.size == shown.size and different != [50]


def test_names_and_files_can_be_called_anything(client: Any, home: Path) -> None:
    odd = '<img src=x onerror="alert(1)">'
    save_picture(home / "photos" / f"{odd}.png", [level_of(12)])
    fill_archive(home / "photos", home / "runs" / "team", home / "archives" / "album", finder=tell_faces)
    key = key_of(home, f"{odd}.png")
    name = "Tim & <b>Bo 王小明"
    client.post(f"{IN}/decide", data={"face": key, "kind": "is", "name": name}, headers=HTMX)
    for address in (f"{IN}/people", f"{IN}/who", f"{IN}/photos", f"{IN}/photo/{key.partition('-')[0]}", f"{IN}/export"):
        page = client.get(address).text
        assert "<img src=x" not in page and "<b>Bo" not in page
    assert html.escape(name) in client.get(f"{IN}/people").text
    assert client.get(f"{IN}/person", params={"name": name}).status_code == 200


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names there are text")
def test_names_that_aren_t_text_cost_no_page_and_no_other_photo(client: Any, home: Path) -> None:
    odd = os.fsdecode(b"caf\xe9")
    save_picture(home / "photos" / odd / "odd.png", [level_of(0, look=1)]).rename(home / "photos" / odd / f"{odd}.png")
    make_run(home / "runs" / odd, PEOPLE)
    album = home / "archives" / "album"
    fill_archive(home / "photos", home / "runs" / "team", album, finder=tell_faces)
    for address in PAGES:
        assert client.get(address).status_code == 200, address
    for address in re.findall(r'href="(/start[^"]+)"', client.get("/start?folder=0:").text):
        assert client.get(html.unescape(address)).status_code == 200
    where = client.post("/start", data={"folder": f"0:{spell(odd)}", "run": "team"}).headers["location"]
    assert where.endswith("?then=/in/caf-udce9/photos")
    shutil.copytree(album, home / "archives" / odd)
    assert client.get("/learn").status_code == client.get(f"{IN}/photos").status_code == 200
    for what, there in (("runs", {"team", spell(odd)}), ("archives", {"album", spell(odd)})):
        items = client.get(f"/api/v1/{what}").json()["items"]
        assert {one["name"] if what == "runs" else one for one in items} == there


def test_no_name_is_a_formula_in_the_table(client: Any, home: Path) -> None:
    for key in faces_in(client.get(f"{IN}/who").text):
        client.post(f"{IN}/decide", data={"face": key, "kind": "is", "name": "=1+1"}, headers=HTMX)
    table = client.get(f"{IN}/faces.csv").content.decode("utf-8-sig")
    assert ",'=1+1," in table and ",=1+1," not in table


def test_who_looks_for_a_picture_needn_t_wait_for_the_networks(client: Any) -> None:
    desk = client.app.desk
    client.get("/try")
    before = desk._recognizers["team"]
    assert desk.recognizer("team") is before
    assert client.get("/try?run=nothing").status_code == 200


def test_a_picture_that_is_too_large_is_refused_wherever_it_is_dropped(home: Path) -> None:
    small = visitor(dataclasses.replace(open_again(home), limits=Limits(pixels=TILE * TILE - 1)))
    sent = {"photo": ("x.png", photo(home, [level_of(0)]), "image/png")}
    for address, more in (("/try", {}), ("/try/frame", {}), ("/try/enrol", {"face": 0, "name": "Dora"})):
        refused = small.post(address, data={"run": "team", **more}, files=sent, headers=HTMX)
        assert refused.status_code == 422 and "can&#39;t be looked at" in refused.text


def test_what_is_not_there_is_told_on_a_page(client: Any) -> None:
    for address in ("/in/nothing/photos", f"{IN}/photo/{'0' * 64}", f"{IN}/face/x-1.jpg", "/work/1", "/runs/none"):
        answer = client.get(address)
        assert answer.status_code == 404 and "<main" in answer.text
    assert client.get(f"{IN}/photos/x").status_code == 404


def test_what_is_gone_meanwhile_is_told_on_a_page(client: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = key_of(home, "ann.png")[:64]
    (home / "photos" / "ann.png").unlink()
    told = html.unescape(client.get(f"{IN}/hidden/{digest}.jpg").text)
    assert "The picture can't be read (can't be opened" in told
    shutil.rmtree(home / "photos")
    gone = client.get("/start?folder=0:")
    assert gone.status_code == 404 and "Is its disk connected?" in gone.text
    monkeypatch.setattr(Archive, "faces", lambda *_, **__: 1 / 0)
    failed = client.get(f"{IN}/people")
    assert failed.status_code == 500 and "<main" in failed.text


def test_files_of_others_are_what_they_were() -> None:
    listed = dict(
        re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (STATIC / "vendor" / "VENDORED.md").read_text(), re.M)
    )
    there = {path.name for path in (STATIC / "vendor").iterdir() if path.suffix in (".js", ".css")}
    assert listed.keys() == there
    for name, digest in listed.items():
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest

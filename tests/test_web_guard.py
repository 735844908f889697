"""The guard: who is let in, and what the world tries instead."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import io
import json
import os
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")

import numpy as np
from PIL import Image
from starlette.websockets import WebSocketDisconnect

from castlist import list_runs
from castlist.errors import CastlistError
from castlist.testing import TILE, level_of
from castlist.web import House, Limits, read_token
from castlist.web import open_house as put_house
from castlist.web.app import App
from houses import ADDRESS, TOKEN, open_house, photo, visitor

RUNS = "/api/v1/runs"
NAME = "/api/v1/name"
HTML = {"accept": "text/html"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return open_house(tmp_path)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    "path", [RUNS, "/api/v1/openapi.json", "/static/x.js", "/nothing", "//open", "/open/", "/OPEN"]
)
def test_nobody_reaches_anything_without_a_key(house: House, path: str) -> None:
    stranger = visitor(house, token=None)
    assert code(stranger.get(path)) == (401, "not-come-in")
    assert code(visitor(house, token=TOKEN + "!").get(path)) == (401, "not-come-in")
    assert stranger.get(path, headers=HTML).headers["location"] == "/open"


def test_a_code_lets_one_browser_in_once(house: House) -> None:
    browser = visitor(house, token=None)
    address = house.new_launch().removeprefix(house.url)
    opened = browser.get(address, headers={"sec-fetch-site": "none"})
    assert 'rel="icon"' in opened.text  # else a browser asks for one, and the first page waits until that is refused
    cookie = opened.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and TOKEN not in cookie
    assert browser.get(RUNS).status_code == 200
    assert visitor(house, token=None).get(address).status_code == 403
    # What doesn't say where it comes from is no browser, and needs the token.
    assert browser.post(f"{RUNS}/team/undo").status_code == 401
    assert code(browser.post(f"{RUNS}/team/undo", headers={"origin": ADDRESS})) == (422, "nothing-enrolled")


def test_a_house_at_another_port_takes_nobodys_cookie(house: House, tmp_path: Path) -> None:
    browser = visitor(house, token=None)  # as any browser, which keeps the cookies of all ports together
    other = dataclasses.replace(open_house(tmp_path / "other"), port=9000)
    for one in (house, other):
        browser.cookies.update(
            visitor(one, token=None).get(one.new_launch(), headers={"host": f"127.0.0.1:{one.port}"}).cookies
        )
    assert browser.get(RUNS).status_code == 200
    browser.cookies = {f"castlist-{house.port}": other.session}
    assert code(browser.get(RUNS)) == (401, "not-come-in")


@pytest.mark.parametrize("path", [RUNS, "/open", "/"])
def test_a_token_in_an_address_opens_nothing(house: House, path: str) -> None:
    stranger = visitor(house, token=None)
    for name in ("token", "code", "access_token", "session"):
        assert stranger.get(path, params={name: TOKEN}).status_code in (401, 403), name


def test_the_token_is_typed_into_a_form(house: House) -> None:
    browser = visitor(house, token=None)
    assert 'name="token"' in browser.get("/open").text
    own = {"origin": ADDRESS, "sec-fetch-site": "same-origin"}
    assert browser.post("/open", data={"token": "guessed"}, headers=own).status_code == 403
    assert browser.post("/open", data={"token": TOKEN}, headers={"origin": "http://evil.example"}).status_code == 403
    assert "set-cookie" in browser.post("/open", data={"token": TOKEN}, headers=own).headers
    assert browser.get(RUNS).status_code == 200


def test_guesses_are_counted(house: House) -> None:
    guesser = visitor(house, token=None)
    answers = (guesser.get(RUNS, headers={"authorization": f"Bearer {i}"}) for i in range(1000))
    last = next(answer for answer in answers if answer.status_code != 401)
    assert code(last) == (429, "too-many-guesses") and last.headers["retry-after"]
    assert visitor(house).get(RUNS).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "127.0.0.1", "127.0.0.1:80", "localhost:8765.evil.example", "", "a@b"]
)
def test_a_forged_or_rebound_host_is_refused(house: House, host: str) -> None:
    assert code(visitor(house).get(RUNS, headers={"host": host})) == (421, "host-unknown")


def test_a_house_answers_to_its_names(house: House) -> None:
    named = dataclasses.replace(house, hosts=("0.0.0.0", "Nas.local", "photos.example:443"))
    for host in ("nas.local:8765", "photos.example:443", "localhost:8765"):
        assert visitor(named).get(RUNS, headers={"host": host}).status_code == 200
    assert visitor(named).get(RUNS, headers={"host": "photos.example:8765"}).status_code == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:80", "http://127.0.0.1:8765.evil"])
def test_another_site_is_refused(house: House, origin: str) -> None:
    assert code(visitor(house).get(RUNS, headers={"origin": origin})) == (403, "other-site")
    assert code(visitor(house).post(f"{RUNS}/team/undo", headers={"origin": origin})) == (403, "other-site")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_of_another_site_changes_nothing(house: House, site: str) -> None:
    browser = visitor(house, token=None)
    browser.get(house.new_launch().removeprefix(house.url))
    form = browser.post(f"{RUNS}/team/people/Ann/photos", files={"photos": b"x"}, headers={"sec-fetch-site": site})
    assert code(form) == (403, "other-site")


def test_no_other_site_is_told_anything(house: House) -> None:
    asked = visitor(house).options(RUNS, headers={"origin": ADDRESS, "access-control-request-method": "POST"})
    for answer in (asked, visitor(house).get(RUNS), visitor(house, token=None).get("/open")):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_an_upgrade_is_refused(house: House) -> None:
    with pytest.raises(WebSocketDisconnect), visitor(house).websocket_connect("/api/v1/jobs"):
        pass
    asked = {"connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13", "sec-websocket-key": "x"}
    assert code(visitor(house).get(RUNS, headers=asked)) == (400, "no-upgrade")


def test_a_header_that_stands_there_twice_is_refused(house: House) -> None:
    for name in ("host", "origin", "authorization"):
        twice = [(name, "127.0.0.1:8765"), (name, "127.0.0.1:8765")]
        asked = visitor(house, token=None).build_request("GET", f"{ADDRESS}{RUNS}")
        asked.headers = type(asked.headers)([("host", "127.0.0.1:8765"), *twice][name == "host" :])
        assert code(visitor(house, token=None).send(asked)) == (400, "header-twice")


@pytest.mark.parametrize(
    "name",
    ["..", "%2e%2e", "..%2f..%2fetc", "..%5C..%5Cetc", "C%3A%5Cruns", "C%3A", "%2Fetc", ".serve", "%EF%BC%8E%EF%BC%8E",
     "..%c0%af", "team%00", "team%2F..%2Fteam", "%u2215etc", "team\u2215..", "x" * 5000],
)  # fmt: skip
def test_no_name_leads_out_of_the_house(house: House, name: str) -> None:
    client = visitor(house)
    for path in (f"{RUNS}/{name}", f"{RUNS}/{name}/report", f"{RUNS}/{name}/people", f"/api/v1/archives/{name}"):
        assert client.get(path).status_code == (400 if "%c0" in name else 404)
    for place in ("../..", "..\\..", "C:\\", "/etc", "a/../../..", "\\\\host\\share", "a\0b"):
        wish = {"name": "album", "photos": {"root": 0, "below": place}}
        assert client.post("/api/v1/archives", json=wish).status_code == 404


@pytest.mark.parametrize("half", ["\ud800", "\\ud800"])  # as JSON sends it, and as castlist spells it
def test_half_a_character_is_no_name(house: House, half: str) -> None:
    def post(path: str, **wish: Any) -> tuple[int, str]:
        sent = json.dumps({"name": "album", "photos": {"root": 0}, **wish})
        return code(visitor(house).post(path, content=sent, headers={"content-type": "application/json"}))

    assert post("/api/v1/archives", photos={"below": half}) == (404, "no-such-folder")
    assert post("/api/v1/archives", run=half) == (404, "no-such-run")
    assert post("/api/v1/archives", name=half) == (404, "no-such-archive")
    assert post("/api/v1/runs", photos={"below": half}) == (404, "no-such-folder")


def test_a_link_out_of_a_folder_of_photos_is_not_followed(house: House, tmp_path: Path) -> None:
    (house.roots[0] / "out").symlink_to(tmp_path, target_is_directory=True)
    wish = {"name": "album", "photos": {"root": 0, "below": "out"}}
    assert code(visitor(house).post("/api/v1/archives", json=wish)) == (404, "no-such-folder")


def test_a_setting_leads_to_no_file(house: House) -> None:
    for name, value in (("network", "/etc/passwd"), ("weights", "/etc/passwd"), ("tensorboard", True)):
        wish = {"photos": {"root": 0}, "settings": {name: value}}
        assert code(visitor(house).post(RUNS, json=wish)) == (422, "setting-elsewhere")


def problem(client: Any, content: bytes) -> str:
    answer = client.post(NAME, files={"photos": ("x.jpg", content, "image/jpeg")})
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["photos"]
    found: str = one["problem"]["code"]
    return found


def test_what_is_no_photo_is_said_to_be_none(house: House) -> None:
    client = visitor(house)
    assert problem(client, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>") == "photo-other"
    assert problem(client, b"<!doctype html><script>1</script>") == "photo-format"
    assert problem(client, b"") == "photo-empty"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_bomb_is_not_unpacked(house: House) -> None:
    # 900 million pixels.
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0))
    rows = zlib.compress(bytes(30_001)) * 3
    assert problem(visitor(house), head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")) == "photo-bomb"


def test_a_request_tells_once_how_long_it_is(house: House) -> None:
    both = {"transfer-encoding": "chunked", "content-length": "3"}
    answer = visitor(house).post("/open", content=b"a=b", headers=both)
    assert code(answer) == (400, "two-lengths") and answer.headers["connection"] == "close"


def test_too_many_faces_are_not_looked_at(house: House) -> None:
    pixels = np.repeat(np.repeat(np.arange(24, dtype=np.uint8).reshape(4, 6) * 8, TILE, axis=0), TILE, axis=1)
    content = io.BytesIO()
    Image.fromarray(np.dstack([pixels] * 3)).save(content, "PNG")
    few = visitor(dataclasses.replace(house, limits=Limits(faces=23)))
    assert problem(few, content.getvalue()) == "too-many-faces"
    answer = visitor(house).post(NAME, files={"photos": content.getvalue()}).json()
    assert len(answer["photos"][0]["faces"]) == 24


def test_too_much_is_refused(tmp_path: Path) -> None:
    small = visitor(open_house(tmp_path, body=2000, files=2, pixels=15_000))
    assert code(small.post(NAME, files={"photos": bytes(3000)})) == (413, "body-too-long")
    assert small.post(NAME, files=[("photos", b"x")] * 3).status_code == 400

    def parts() -> Any:
        for _ in range(10):
            yield bytes(500)

    assert code(small.post(NAME, content=parts(), headers={"content-type": "multipart/form-data; boundary=x"})) == (
        413,
        "body-too-long",
    )
    assert problem(small, photo(tmp_path, [level_of(0), level_of(1)])) == "photo-too-large"


def test_what_is_never_decoded_smaller_may_have_fewer_pixels(house: House) -> None:
    client = visitor(dataclasses.replace(house, limits=Limits(whole_pixels=5_000)))
    for form in ("JPEG", "PNG", "WEBP"):
        content = io.BytesIO()
        Image.new("RGB", (100, 60)).save(content, form)
        (told,) = client.post(NAME, files={"photos": content.getvalue()}).json()["photos"]
        assert (told["problem"] is None) == (form == "JPEG")


def test_where_there_is_no_room_for_what_is_sent_that_is_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tempfile.SpooledTemporaryFile.rollover", refuse)
    client, large = visitor(house), bytes(2_000_000)  # more than is kept in memory
    assert code(client.post(NAME, files={"photos": large})) == (507, "no-room")
    page = client.post("/try", files={"photo": large}, data={"run": "team"})
    assert page.status_code == 507 and "Free some space" in page.text


def test_requests_are_counted(tmp_path: Path) -> None:
    hasty = visitor(open_house(tmp_path, per_minute=5))
    assert [hasty.get(RUNS).status_code for _ in range(6)] == [200] * 5 + [429]


async def ask(house: House, body: list[dict[str, Any]], **more: bytes) -> tuple[int, bytes]:
    """A request as a server passes it on; after what there is of its body nothing comes."""
    app, told = App(house), []

    async def receive() -> dict[str, Any]:
        if not body:
            await asyncio.sleep(60)
        return body.pop(0)

    async def send(event: dict[str, Any]) -> None:
        told.append(event)

    headers = {"host": b"127.0.0.1:8765", "authorization": f"Bearer {TOKEN}".encode(), **more}
    scope = {
        **{"type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "root_path": ""},
        **{"path": NAME, "raw_path": NAME.encode(), "query_string": b"", "server": None, "client": None},
        "headers": [(name.replace("_", "-").encode(), value) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    return told[0]["status"], b"".join(event.get("body", b"") for event in told)


def test_a_slow_body_is_not_waited_for(tmp_path: Path) -> None:
    house = open_house(tmp_path, seconds=0.2)
    body = [{"type": "http.request", "body": b"--x\r\n", "more_body": True}]
    status, answer = asyncio.run(ask(house, body, content_type=b"multipart/form-data; boundary=x"))
    assert status == 408 and b"body-too-slow" in answer


@pytest.mark.parametrize("token", [TOKEN, None])
def test_a_cookie_is_no_way_to_keep_the_house_busy(house: House, token: str | None) -> None:
    visit, escaped = visitor(house, token=token), "\\" * 60_000
    began = time.process_time()
    answer = visit.get(RUNS, headers={"cookie": f'language=zh-TW; a="{escaped}"'})
    assert time.process_time() - began < 2  # of Python's own reader it takes half a minute
    assert answer.status_code == (200 if token else 401) and answer.headers.get("content-language", "zh-TW") == "zh-TW"


def test_a_range_is_no_way_to_keep_the_house_busy(house: House) -> None:
    (house.runs / "team" / "report.html").write_text("<p>report</p>", "utf-8")
    ranges = "bytes=" + ",".join(f"{i}-{i}" for i in range(5000))
    answer = visitor(house).get(f"{RUNS}/team/report", headers={"range": ranges})
    assert answer.status_code == 200 and answer.text == "<p>report</p>"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_name_is_only_ever_text(house: House, tmp_path: Path) -> None:
    client = visitor(house)
    sent = {"photos": photo(tmp_path, [level_of(5)])}
    assert (
        code(client.post(f"{RUNS}/team/people/Dee%0d%0aSet-Cookie:%20a=b/photos", files=sent))[1] == "name-impossible"
    )
    # A run's record would not be read again with a path in it that begins as on Windows.
    assert code(client.post(f"{RUNS}/team/people/C:Dee/photos", files=sent)) == (422, "name-impossible")
    assert code(client.post(f"{RUNS}/team/people/Dee%ff/photos", files=sent)) == (400, "address-no-text")
    assert code(client.get(f"{RUNS}/team/people?limit=%ff")) == (400, "address-no-text")
    script = "<script>alert(1)<" + "script>"
    done = client.post(f"{RUNS}/team/people/{script}/photos", files=sent)
    assert done.status_code == 200 and done.headers["content-type"] == "application/json"
    assert script in [one["name"] for one in client.get(f"{RUNS}/team/people").json()["items"]]
    (run,) = list_runs(house.runs)
    assert script in run.people and not (house.runs / "team" / script).exists()


def test_a_house_is_shut_to_others_without_a_token(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for wrong in ({"hosts": ("0.0.0.0",)}, {"token": "short"}, {"port": 70_000}, {"roots": [tmp_path / "none"]}):
        with pytest.raises(CastlistError):
            put_house(runs, **wrong)  # type: ignore[arg-type]
    first, second = put_house(runs), put_house(runs)
    assert first.token == second.token and len(first.token) >= 32 and first.session != second.session
    kept = runs / ".serve" / "token"
    assert read_token(kept) == first.token and kept.stat().st_mode & 0o777 == 0o600
    if os.name != "nt":
        kept.chmod(0o644)
        with pytest.raises(CastlistError, match="Others can read"):
            read_token(kept)


def test_whoever_waits_is_counted_until_the_answer_begins(tmp_path: Path) -> None:
    client = visitor(open_house(tmp_path, at_once=1, waiting=1))
    desk = client.app.desk
    for _ in range(3):
        assert client.get(RUNS).status_code == 200
        assert client.post(NAME, files={"photos": b"x"}).status_code == 200
        assert desk.working == 0 and not desk.is_busy
    desk.working = 1
    assert client.get(RUNS).headers["connection"] == "close"

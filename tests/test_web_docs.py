"""docs/api.md and the API's own description, held to what is so."""

from __future__ import annotations

import dataclasses
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")

from castlist.testing import level_of, save_picture
from houses import open_house, visitor

DOCS = (Path(__file__).parents[1] / "docs" / "api.md").read_text("utf-8")
# What `castlist serve` starts, with what finds the faces of drawn pictures.
WORKER = """
import socket, sys
from castlist.testing import tell_faces
from castlist.web.house import House
from castlist.web.worker import answer_requests
answer_requests(House.read(sys.argv[1]), socket.socket(fileno=int(sys.argv[2])), finder=tell_faces)
"""


def example_of(schema: dict[str, Any], parts: dict[str, Any]) -> Any:
    """What the description shows of something that is sent."""
    schema = parts[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "examples" in schema:
        return schema["examples"][0]
    if "properties" in schema:
        return {name: example_of(one, parts) for name, one in schema["properties"].items() if "default" not in one}
    return schema.get("default", schema.get("enum", [None])[0])


def test_what_the_description_shows_is_understood(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    client = visitor(house)
    described = client.get("/api/v1/openapi.json").json()
    parts, asked = described["components"]["schemas"], 0
    for path, methods in described["paths"].items():
        for method, one in methods.items():
            body = one.get("requestBody", {}).get("content", {}).get("application/json")
            values = {p["name"]: example_of({**p["schema"], **p}, parts) for p in one.get("parameters", ())}
            place = path.format_map({name: value or 1 for name, value in values.items()})
            query = {p["name"]: values[p["name"]] for p in one.get("parameters", ()) if p["in"] == "query"}
            if "events" in place:
                continue
            query = {name: value for name, value in query.items() if value is not None}
            sent = example_of(body["schema"], parts) if body else None
            answer = client.request(method, place, params=query, json=sent)
            is_form = "multipart/form-data" in one.get("requestBody", {}).get("content", {})
            assert answer.status_code < 500, (method, path, answer.text)
            # Examples speak of a run that isn't there; that they were understood is what they are for.
            assert is_form or answer.json().get("code") != "request-invalid", (method, path, answer.text)
            asked += 1
    assert asked > 25


def test_every_address_of_the_page_is_one(tmp_path: Path) -> None:
    described = visitor(open_house(tmp_path)).get("/api/v1/openapi.json").json()
    known = {re.sub(r"{\w+}", "*", path.removeprefix("/api/v1")) for path in described["paths"]}
    told = re.findall(r"`(?:GET|POST|DELETE)(?:`, `\w+)? (/[^`?]+)", DOCS)
    assert len(told) > 15
    for path in told:
        assert re.sub(r"\b[A-Z]+\b", "*", path) in known, path


def test_the_photo_booth_works(tmp_path: Path) -> None:
    (booth,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    assert len(booth.splitlines()) <= 42
    house = open_house(tmp_path)
    (house.state / "token").write_text(house.token, "ascii")
    pictures = [save_picture(tmp_path / f"{i}.png", [level]) for i, level in enumerate((level_of(0), level_of(9)))]
    pictures.append(save_picture(tmp_path / "again.png", [level_of(9, look=1)]))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        house = dataclasses.replace(house, port=port)
        line = [sys.executable, "-P", "-c", WORKER, house.spell(), str(listener.fileno())]
        server = subprocess.Popen(line, pass_fds=[listener.fileno()])
        try:
            (tmp_path / "booth.py").write_text(booth.replace(":8765/", f":{port}/"), "utf-8")
            words = [sys.executable, "booth.py", "team", *(str(one) for one in pictures)]
            done = subprocess.run(words, cwd=tmp_path, input="Dee\n", capture_output=True, text=True, timeout=60)
        finally:
            server.terminate()
            server.wait(15)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "0.png Ann"
    assert "Hello, Dee - 1 photo added" in done.stdout and done.stdout.splitlines()[-1] == "again.png Dee"

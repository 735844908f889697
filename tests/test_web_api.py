"""The API: what the library says, as programs are told it."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi")

from castlist import Recognizer, list_runs, threads
from castlist.embeddings import FaceNetwork
from castlist.faces import Face
from castlist.jobs import Learn, read_work
from castlist.testing import level_of, save_picture, tell_faces
from castlist.web import Foreman
from houses import PEOPLE, open_house, photo, visitor

API = "/api/v1"


def files(*contents: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    """Photos as a form sends them."""
    return [("photos", ("../../etc/passwd", content, "image/png")) for content in contents]


def test_names_are_the_library_s(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    client = visitor(house)
    both, stranger = photo(tmp_path, [level_of(0), level_of(1, look=3)]), photo(tmp_path, [level_of(9)])
    answer = client.post(f"{API}/name", params={"run": "team"}, files=files(both, stranger, b"no photo"))
    assert answer.status_code == 200
    named = answer.json()
    path = save_picture(tmp_path / "same.png", [level_of(0), level_of(1, look=3)])
    (known,) = Recognizer.load(house.runs / "team", finder=tell_faces).name_photos([path])
    first, second, third = named["photos"]
    assert [(face["name"], face["probability"]) for face in first["faces"]] == [
        (face.name, face.probability) for face in known.faces
    ]
    assert (first["width"], first["height"]) == (200, 100)
    assert second["faces"][0]["name"] == "unknown" and "embedding" not in second["faces"][0]["others"]
    assert third["problem"]["code"] == "photo-format" and not third["faces"]


def test_whoever_comes_first_is_answered_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    asked = threading.Semaphore(0)

    def find(pixels: np.ndarray, **options: Any) -> list[Face]:
        steps.append("looked")
        if len(steps) == 1:  # the others have asked, too, before this one's face is embedded
            assert all(asked.acquire(timeout=30) for _ in range(3))
        return tell_faces(pixels, **options)

    def run(network: FaceNetwork, faces: np.ndarray) -> np.ndarray:
        steps.append("embedded")
        return embed(network, faces)

    def begin(work: Any, item: Any) -> Any:
        begun = submit(work, item)
        asked.release()
        return begun

    embed, submit = FaceNetwork.run, threads.submit
    monkeypatch.setattr(FaceNetwork, "run", run)
    monkeypatch.setattr(threads, "submit", begin)
    threads.set_threads(1)
    try:
        client = visitor(open_house(tmp_path), finder=find)
        picture = photo(tmp_path, [level_of(0)])
        with client, ThreadPoolExecutor(3) as asking:
            answers = list(asking.map(lambda _: client.post(f"{API}/name", files=files(picture)), range(3)))
    finally:
        threads.set_threads(threads.count_cores())
    assert [answer.status_code for answer in answers] == [200] * 3
    assert steps == ["looked", "embedded"] * 3


def test_embeddings_are_sent_where_asked_for(tmp_path: Path) -> None:
    client = visitor(open_house(tmp_path))
    sent = files(photo(tmp_path, [level_of(0)]))
    (plain,) = client.post(f"{API}/name", files=sent).json()["photos"][0]["faces"]
    (face,) = client.post(f"{API}/name", params={"embeddings": True}, files=sent).json()["photos"][0]["faces"]
    assert plain["embedding"] is None and len(face["embedding"]) == 16 and face["confidence"] == 1


def test_people_come_and_go(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    client = visitor(house)
    sent = files(photo(tmp_path, [level_of(5)]), photo(tmp_path, [level_of(5, look=2)]))
    done = client.post(f"{API}/runs/team/people/Dee/photos", files=sent).json()
    assert len(done["added"]) == 2 and done["known"] == [] and done["added"][0]["named"]["name"] == "unknown"
    again = client.post(f"{API}/runs/team/people/Dee/photos", files=sent).json()
    assert again["added"] == [] and again["known"] == [one["photo"] for one in done["added"]]
    people = client.get(f"{API}/runs/team/people").json()
    assert [one["name"] for one in people["items"]] == [*PEOPLE, "Dee"]
    assert people["items"][-1] == {"name": "Dee", "photos": 2, "enrolled": 2}
    (run,) = list_runs(house.runs)
    assert not run.places  # nothing lies there any more
    named = client.post(f"{API}/name", files=files(photo(tmp_path, [level_of(5, look=4)]))).json()
    assert named["photos"][0]["faces"][0]["name"] == "Dee"
    receipt = client.delete(f"{API}/runs/team/people/Dee").json()
    assert receipt["name"] == "Dee" and receipt["removed"][0]["code"] == "forgot-embeddings"
    named = client.post(f"{API}/name", files=files(photo(tmp_path, [level_of(5, look=4)]))).json()
    assert named["photos"][0]["faces"][0]["name"] == "unknown"
    gone = client.delete(f"{API}/runs/team/people/Dee", headers={"accept-language": "zh-TW,en;q=0.5"})
    assert gone.status_code == 404 and gone.headers["content-type"] == "application/problem+json"
    assert gone.json()["code"] == "nobody-called-in-run" and gone.headers["content-language"] == "zh-TW"


def test_people_are_renamed_merged_and_taken_back(tmp_path: Path) -> None:
    client = visitor(open_house(tmp_path))
    assert client.post(f"{API}/runs/team/people/Ann/rename", json={"name": "安"}).json() == ["安", "Bo", "Cleo"]
    assert client.post(f"{API}/runs/team/people/Bo/merge", json={"name": "Cleo"}).json() == ["安", "Cleo"]
    client.post(f"{API}/runs/team/people/Dee/photos", files=files(photo(tmp_path, [level_of(5)])))
    assert client.post(f"{API}/runs/team/undo").json()["name"] == "Dee"
    nothing = client.post(f"{API}/runs/team/undo")
    assert (nothing.status_code, nothing.json()["code"]) == (422, "nothing-enrolled")


def test_what_was_enrolled_is_taken_back_once_however_often_that_is_sent(tmp_path: Path) -> None:
    client = visitor(open_house(tmp_path))
    undo = f"{API}/runs/team/undo"

    def enrol(name: str, level: int, look: int = 0) -> dict[str, Any]:
        picture = photo(tmp_path, [level_of(level, look=look)])
        done = client.post(f"{API}/runs/team/people/{name}/photos", files=files(picture)).json()
        return {"name": done["name"], "photos": [one["photo"] for one in done["added"]]}

    def people() -> list[str]:
        return [one["name"] for one in client.get(f"{API}/runs/team/people").json()["items"]]

    dee, flo = enrol("Dee", 5), enrol("Flo", 7)
    since = client.post(undo, json=dee)
    assert (since.status_code, since.json()["code"]) == (409, "enrolled-since")
    taken = client.post(undo, json=flo)
    again = client.post(undo, json=flo)
    assert taken.status_code == again.status_code == 200 and taken.json() == again.json()
    assert people() == [*PEOPLE, "Dee"]
    client.post(f"{API}/runs/team/people/Dee/rename", json={"name": "Eve"})
    assert client.post(undo, json=dee).status_code == 409 and "Eve" in people()
    assert client.post(undo, json={**dee, "name": "Eve"}).status_code == 200 and people() == [*PEOPLE]
    assert client.post(undo, json={**dee, "name": "Eve"}).status_code == 200
    assert client.post(undo, json={"name": "Eve", "photos": []}).status_code == 422


def test_lists_come_in_pages_and_are_sent_once(tmp_path: Path) -> None:
    client = visitor(open_house(tmp_path))
    page = client.get(f"{API}/runs/team/people", params={"limit": 2})
    assert [one["name"] for one in page.json()["items"]] == ["Ann", "Bo"] and page.json()["next"] == 2
    rest = client.get(f"{API}/runs/team/people", params={"offset": 2})
    assert [one["name"] for one in rest.json()["items"]] == ["Cleo"] and rest.json()["next"] is None
    same = client.get(f"{API}/runs/team/people", headers={"if-none-match": page.headers["etag"]})
    assert same.status_code == 304 and not same.content
    client.delete(f"{API}/runs/team/people/Ann")
    other = client.get(f"{API}/runs/team/people", headers={"if-none-match": page.headers["etag"]})
    assert other.status_code == 200 and other.headers["etag"] != page.headers["etag"]
    assert client.get(f"{API}/runs/team/people", headers={"if-none-match": "*"}).status_code == 304


def test_a_run_is_changed_only_as_it_was_seen(tmp_path: Path) -> None:
    client = visitor(open_house(tmp_path))
    seen, rename = client.get(f"{API}/runs/team").headers["etag"], f"{API}/runs/team/people/Ann/rename"
    assert client.post(rename, json={"name": "Eve"}, headers={"if-match": seen}).status_code == 200
    late = client.post(f"{API}/runs/team/people/Bo/rename", json={"name": "Flo"}, headers={"if-match": seen})
    assert (late.status_code, late.json()["code"]) == (412, "run-not-as-seen")
    assert "Bo" in [one["name"] for one in client.get(f"{API}/runs/team/people").json()["items"]]
    assert client.delete(f"{API}/runs/team/people/Bo", headers={"if-match": "*"}).status_code == 200


def test_each_address_tells_what_can_be_done_at_it(tmp_path: Path) -> None:
    client = visitor(open_house(tmp_path))
    for address, allowed in (
        ("/runs", "GET, HEAD, POST"),
        ("/runs/team", "GET, HEAD"),
        ("/runs/team/people/Ann", "DELETE"),
        ("/archives/album/groups", "GET, HEAD, POST"),
        ("/name", "POST"),
    ):
        refused = client.put(API + address)
        assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    assert client.head(f"{API}/name").status_code == 405
    assert client.head(f"{API}/nothing").status_code == 404


def test_a_head_is_what_stands_before_the_body_of_a_get(tmp_path: Path) -> None:
    client = visitor(open_house(tmp_path))
    for address in (f"{API}/runs", f"{API}/runs/team", f"{API}/openapi.json", "/start", "/static/studio.css"):
        full, head = client.get(address), client.head(address)
        assert (head.status_code, head.content) == (full.status_code, b"") and full.content
        assert {**head.headers, "date": ""} == {**full.headers, "date": ""}, address
    begun = client.post(f"{API}/archives", json={"name": "album", "photos": {}}).json()["id"]  # nobody does it
    assert client.head(f"{API}/jobs/{begun}/events").headers["content-type"].startswith("text/event-stream")


def test_no_answer_stays_on_a_disk_of_whoever_asks(tmp_path: Path) -> None:
    client = visitor(open_house(tmp_path))
    begun = client.post(f"{API}/archives", json={"name": "album", "photos": {}}).json()["id"]
    for address in ("/runs", "/runs/team", "/runs/team/people", "/jobs", "/nothing", f"/jobs/{begun}/events"):
        assert client.head(API + address).headers["cache-control"] == "no-store", address


def ended(client: Any, job: str) -> dict[str, Any]:
    """The last event of a work, from its stream."""
    with client.stream("GET", f"{API}/jobs/{job}/events") as stream:
        lines = list(stream.iter_lines())
    events = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    assert [int(line.removeprefix("id: ")) for line in lines if line.startswith("id: ")] == list(range(len(events)))
    told: dict[str, Any] = json.loads(lines[-2].removeprefix("data: "))
    return {"event": events[-1], **told}


def test_a_work_is_begun_once_watched_and_told_of(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    client = visitor(house)
    wish = {"name": "album", "photos": {"root": 0}}
    with Foreman(client.app.desk.jobs):
        begun = client.post(f"{API}/archives", json=wish, headers={"idempotency-key": "once"})
        assert begun.status_code == 202
        again = client.post(f"{API}/archives", json=wish, headers={"idempotency-key": "once"})
        assert again.json()["id"] == begun.json()["id"]
        assert client.post(f"{API}/archives", json=wish, headers={"idempotency-key": ""}).status_code == 422
        other = client.post(f"{API}/archives", json={**wish, "name": "other"}, headers={"idempotency-key": "once"})
        assert (other.status_code, other.json()["code"]) == (409, "key-used")
        # No photo is in the folder.
        assert ended(client, begun.json()["id"])["event"] == "Failed"
    (job,) = client.get(f"{API}/jobs").json()["items"]
    assert job["kind"] == "Fill" and job["is_over"] and job["last"]["event"] == "Failed"
    assert client.get(f"{API}/jobs/1764144000000-0f1e2d3c").status_code == 404


def test_a_work_of_a_killed_house_is_told_as_interrupted(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    client = visitor(house)
    jobs = client.app.desk.jobs
    begun = client.post(f"{API}/archives", json={"name": "album", "photos": {}}).json()["id"]
    (jobs.folder / f"{begun}.jsonl").write_bytes(b'{"event": "Stage", "is": {"what": "photos"}}\n{"event": "Cou')
    with Foreman(jobs):
        assert client.get(f"{API}/jobs/{begun}").json()["last"]["event"] == "Failed"
    assert client.get(f"{API}/jobs/{begun}").json()["last"]["is"]["message"]["code"] == "job-interrupted"


def test_a_training_may_be_of_whom_other_programs_have_named(tmp_path: Path) -> None:
    client = visitor(open_house(tmp_path))
    jobs = client.app.desk.jobs
    for from_regions in (False, True):
        wish = {"photos": {"root": 0}, "settings": {"model": "face"}, "from_regions": from_regions}
        begun = client.post(f"{API}/runs", json=wish)
        assert begun.status_code == 202
        work = read_work((jobs.folder / f"{begun.json()['id']}.work").read_bytes())
        assert isinstance(work, Learn) and work.from_regions is from_regions

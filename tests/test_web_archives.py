"""The API of archives: asked, grouped, decided about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("pyarrow")

from castlist import fill_archive, group_unnamed
from castlist.jobs import WriteTags
from castlist.testing import level_of, save_picture, tell_faces
from houses import open_house, photo, visitor

ALBUM = "/api/v1/archives/album"


@pytest.fixture
def client(tmp_path: Path) -> Any:
    """A visitor of a house with an archive: Ann twice, once with Bo, and three photos of a stranger."""
    house = open_house(tmp_path)
    photos = house.roots[0]
    save_picture(photos / "ann.png", [level_of(0)])
    save_picture(photos / "sea" / "both.png", [level_of(0, look=2), level_of(1)])
    for look in range(3):
        save_picture(photos / f"stranger{look}.png", [level_of(9, look=look)])
    fill_archive(photos, house.runs / "team", house.archives / "album", finder=tell_faces)
    return visitor(house)


def test_an_archive_is_counted_and_asked(client: Any) -> None:
    assert client.get("/api/v1/archives").json()["items"] == ["album"]
    counts = client.get(ALBUM).json()
    assert (counts["run"], counts["photos"], counts["faces"], counts["named"]) == ("team", 5, 6, 3)
    assert client.get(f"{ALBUM}/people").json()["items"] == ["Ann", "Bo"]
    found = client.get(f"{ALBUM}/faces", params={"name": "Ann", "with": "Bo"}).json()
    assert [one["photo"] for one in found["items"]] == ["sea/both.png"]
    page = client.get(f"{ALBUM}/faces", params={"name": "Ann", "limit": 1}).json()
    assert page["total"] == 2 and page["next"] == 1 and len(page["items"]) == 1
    assert client.get(f"{ALBUM}/faces", params={"name": "Ann", "since": "2019-08-02"}).json()["total"] == 0
    nobody = client.get(f"{ALBUM}/faces", params={"name": "Zoe"})
    assert (nobody.status_code, nobody.json()["code"]) == (404, "archive-nobody")


def test_whoever_is_like_a_face_is_found(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uploads = client.app.desk.house.uploads
    monkeypatch.setattr("tempfile.tempdir", str(uploads))
    sent = {"photo": ("x.png", photo(tmp_path, [level_of(9, look=4)]), "image/png")}
    found = client.post(f"{ALBUM}/like", files=sent).json()
    assert {one["photo"] for one in found["items"]} == {"stranger0.png", "stranger1.png", "stranger2.png"}
    assert not list(uploads.iterdir())
    refused = client.post(f"{ALBUM}/like", files={"photo": ("x.svg", b"<svg/>", "image/svg+xml")})
    assert (refused.status_code, refused.json()["code"]) == (422, "like-unread")
    assert str(tmp_path) not in refused.text  # nobody is told where what was sent lay


def test_groups_are_read_as_they_were_found_and_named(client: Any) -> None:
    assert client.get(f"{ALBUM}/groups").json()["items"] == []
    group_unnamed(client.app.desk.house.archives / "album")
    (group,) = client.get(f"{ALBUM}/groups").json()["items"]
    assert len(group["faces"]) == 3
    assert client.post(f"{ALBUM}/groups/{group['number']}/name", json={"name": "Zoe"}).json() == 3
    assert client.get(f"{ALBUM}/groups").json()["items"] == []
    assert client.get(f"{ALBUM}/faces", params={"name": "Zoe"}).json()["total"] == 3
    assert client.post(f"{ALBUM}/groups/99/name", json={"name": "Zoe"}).status_code == 404


def test_a_decision_holds_once_and_is_taken_back_by_its_id(client: Any) -> None:
    wish = {"kind": "is", "face": {"photo": "stranger0.png"}, "name": "Zoe"}
    first, same = (client.post(f"{ALBUM}/decisions", json=wish).json() for _ in range(2))
    assert first["id"] == same["id"]
    client.post(f"{ALBUM}/decisions", json={"kind": "stranger", "face": {"photo": "stranger1.png"}})
    assert client.get(f"{ALBUM}/decisions").json()["total"] == 2
    assert client.delete(f"{ALBUM}/decisions/{first['id']}").json()["name"] == "Zoe"
    again = client.delete(f"{ALBUM}/decisions/{first['id']}")
    assert (again.status_code, again.json()["code"]) == (404, "nothing-decided")
    (left,) = client.get(f"{ALBUM}/decisions").json()["items"]
    assert left["kind"] == "stranger"


@pytest.mark.parametrize(
    "wish",
    [
        {"kind": "is", "face": {"photo": "ann.png"}},
        {"kind": "stranger", "face": {"photo": "ann.png"}, "name": "Ann"},
        {"kind": "same", "face": {"photo": "ann.png"}, "name": "Ann"},
        {"kind": "is", "face": {"photo": "../../../etc/passwd"}, "name": "Ann"},
    ],
)
def test_half_a_decision_is_none(client: Any, wish: dict[str, Any]) -> None:
    assert client.post(f"{ALBUM}/decisions", json=wish).status_code in (404, 422)
    assert client.get(f"{ALBUM}/decisions").json()["total"] == 0


def test_a_run_is_taught_and_both_forget(client: Any) -> None:
    wish = {"kind": "is", "face": {"photo": "stranger0.png"}, "name": "Zoe"}
    client.post(f"{ALBUM}/decisions", json=wish)
    assert client.post(f"{ALBUM}/teach", json={"run": "team"}).json()["added"] == {"Zoe": 1}
    receipt = client.delete("/api/v1/runs/team/people/Zoe", params={"archive": "album"}).json()
    assert "forgot-archived" in [one["code"] for one in receipt["removed"]]
    assert client.get(f"{ALBUM}/faces", params={"name": "Zoe"}).status_code == 404


@pytest.mark.parametrize("tags", [False, True])
def test_a_forgotten_name_goes_out_of_the_files_beside_the_photos_where_it_shall(client: Any, tags: bool) -> None:
    house = client.app.desk.house
    WriteTags(house.archives / "album").do(lambda event: None)
    beside = house.roots[0] / "sea" / "both.png.xmp"
    assert "Bo" in beside.read_text("utf-8")
    receipt = client.delete("/api/v1/runs/team/people/Bo", params={"archive": "album", "tags": tags}).json()
    assert ("forgot-tags" in [one["code"] for one in receipt["removed"]]) == tags
    assert ("Bo" in beside.read_text("utf-8")) != tags and "Ann" in beside.read_text("utf-8")

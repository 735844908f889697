"""Houses for tests: a run of drawn people, asked without a socket."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.testclient import TestClient

from castlist.faces import Finder
from castlist.testing import make_run, save_picture, tell_faces
from castlist.web import App, House, Limits

TOKEN = "a token of some length"
PEOPLE = ("Ann", "Bo", "Cleo")
ADDRESS = "http://127.0.0.1:8765"


def open_house(folder: Path, **limits: float) -> House:
    """A house with a run called team."""
    make_run(folder / "runs" / "team", PEOPLE)
    house = House(runs=folder / "runs", roots=(folder / "photos",), token=TOKEN, limits=Limits(**limits))  # type: ignore[arg-type]
    for part in (house.roots[0], house.uploads):
        part.mkdir(parents=True)
    return house


def visitor(house: House, *, token: str | None = TOKEN, finder: Finder = tell_faces) -> TestClient:
    """Somebody who asks the house, without a socket."""
    app = App(house, finder=finder)
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return TestClient(app, base_url=ADDRESS, headers=headers, follow_redirects=False, raise_server_exceptions=False)


def photo(folder: Path, levels: Sequence[int]) -> bytes:
    """The bytes of a drawn picture."""
    return save_picture(folder / "picture.png", levels).read_bytes()

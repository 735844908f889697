"""A write that fails leaves what was there."""

from __future__ import annotations

from pathlib import Path

import pytest

from castlist.errors import CastlistError
from castlist.files import write_csv, write_text


def test_tables_survive_commas_and_lines(tmp_path: Path) -> None:
    write_csv(tmp_path / "new" / "a.csv", ("name", "n"), [('Ann, "A"', 1), ("a\nb", 2)])
    assert (tmp_path / "new" / "a.csv").read_text("utf-8") == 'name,n\n"Ann, ""A""",1\n"a\nb",2\n'


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text(tmp_path / "a.txt", "before")

    def fail(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(CastlistError, match="No space left on device"):
        write_text(tmp_path / "a.txt", "after")
    assert (tmp_path / "a.txt").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CastlistError, match="can't be written"):
        write_text(tmp_path / "file" / "a.txt", "text")

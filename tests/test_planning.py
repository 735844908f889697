"""What is to be done for an archive is planned in columns, and held packed."""

from __future__ import annotations

import sqlite3
import weakref

import pytest

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")

from castlist.archive import planning
from castlist.archive.listing import File
from castlist.archive.planning import Content, Unit, Units, comparing, pack_unit
from castlist.archive.units import twice
from castlist.errors import CastlistError


def units_of(*files: File) -> list[Unit]:
    digests = {"a": "0a" * 32, "b": "0b" * 32, "copy of a": "0a" * 32, "closed": ""}
    with comparing() as sides:
        sides.add_files(files)
        return list(sides.cut(digests.get, 7))


def test_copies_are_one_content_and_only_what_may_be_one_is_read() -> None:
    files = [File("copy of a", 5, 1), File("b", 5, 1), File("a", 5, 1), File("closed", 5, 1), File("other", 6, 1)]
    (unit,) = units_of(*files)
    assert unit == Unit(
        7,
        (
            Content((files[2], files[0]), "0a" * 32),
            Content((files[1],)),
            Content((files[3],)),
            Content((files[4],)),
        ),
    )


def test_a_plan_takes_few_bytes_a_photo() -> None:
    units = units_of(
        *(File(f"2019/summer/{i:05}.jpg", 2_000_000 + i, 1_600_000_000_000_000_000 + i) for i in range(999))
    )
    assert len(units) == 4 and sum(map(len, map(pack_unit, units))) < 20 * 999
    assert [content.files[0].photo for content in units[3].contents][-1] == "2019/summer/00998.jpg"


def test_what_is_packed_by_others_is_refused() -> None:
    whole = pack_unit(Unit(1))
    for odd in (whole[:-3], b"", b"no", whole[:4] + b"\xff" + whole[5:]):
        with pytest.raises(ValueError):
            Units([odd])[0]


def test_without_room_to_compare_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_small(path: str) -> sqlite3.Connection:
        tables = sqlite3.Connection(path)
        tables.execute("PRAGMA max_page_count = 8")
        return tables

    monkeypatch.setattr(planning.sqlite3, "connect", open_small)
    with pytest.raises(CastlistError, match="no room to compare"):
        units_of(*(File(f"{i:0500}.jpg", i, i) for i in range(99)))


def test_no_more_is_held_than_lies_between_looking_and_writing() -> None:
    class Job:
        """Can be watched, unlike an int."""

    ahead, behind = twice(Job() for _ in range(100))
    jobs = [(weakref.ref(one), weakref.ref(next(behind))) for one in ahead]
    assert len(jobs) == 100 and all(one is same for one, same in jobs)
    assert sum(one() is not None for one, _ in jobs) <= 1  # the last one looked at
    assert next(behind, None) is None

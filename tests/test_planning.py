"""What is to be done for an archive is planned in columns, and held packed."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Sequence

import pytest

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")

from castlist.archive import planning
from castlist.archive.listing import File
from castlist.archive.planning import Content, Known, Unit, Units, comparing, pack_unit
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


def known(photo: str, digest: str, unit: int, *, gone: bool = False) -> Known:
    return Known(photo, 5, 1, digest, unit, gone, True)


def changes_of(
    before: Sequence[Known], now: dict[str, str]
) -> dict[int, tuple[dict[str, str | None], set[str], set[str]]]:
    """Of each unit: what is put in, by its digest where it is known already; what is gone; what moved."""
    with comparing() as sides:
        sides.add_files(File(photo, 5, 2) for photo in now)
        sides.add_known(before)
        return {
            unit.number: (
                {file.photo: one.source and one.digest for one in unit.contents for file in one.files},
                set(unit.gone),
                set(unit.moved),
            )
            for unit in sides.cut(now.get, 7)
        }


def test_what_moved_is_told_from_what_is_gone_and_stays_in_its_unit() -> None:
    before = [known("a", "0a", 1), known("b", "0b", 1), known("c", "0c", 2), known("lost", "1d", 2)]
    assert changes_of(before, {"a": "0a", "elsewhere/B": "0b", "C": "0c", "new": "1e"}) == {
        1: ({"a": "0a", "elsewhere/B": "0b"}, set(), {"b"}),
        2: ({"C": "0c"}, {"lost"}, {"c"}),
        7: ({"new": None}, set(), set()),
    }


@pytest.mark.parametrize(
    ("before", "now", "gone", "moved"),
    [
        (["a", "copy"], {"copy": "0a"}, {"a"}, set()),  # one of two copies was deleted
        (["a"], {"copy": "0a"}, set(), {"a"}),  # copied, and the first deleted: nobody can tell it from a move
        (["a"], {"a": "0a", "copy": "0a"}, set(), set()),
        (["a", "b"], {"one": "0a"}, {"b"}, {"a"}),
        (["a", "b"], {"one": "0a", "two": "0a", "three": "0a"}, set(), {"a", "b"}),
        (["a"], {"a": "0b", "b": "0a"}, set(), {"a"}),  # another has its name
    ],
)
def test_as_many_moved_as_came(before: list[str], now: dict[str, str], gone: set[str], moved: set[str]) -> None:
    (change,) = changes_of([known(photo, "0a", 1) for photo in before], now).values()
    assert change[1:] == (gone, moved) and change[0].keys() == now.keys()


def test_swapped_names_and_what_was_gone_once_moved() -> None:
    swapped = changes_of([known("a", "0a", 1), known("b", "0b", 1)], {"a": "0b", "b": "0a"})
    assert swapped == {1: ({"a": "0b", "b": "0a"}, set(), {"a", "b"})}
    back = changes_of([known("a", "0a", 1, gone=True)], {"b": "0a"})
    assert back == {1: ({"b": "0a"}, set(), {"a"})}
    assert changes_of([known("a", "0a", 1, gone=True)], {"a": "0a"}) == {1: ({"a": "0a"}, set(), set())}

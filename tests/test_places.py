"""Photos, runs and archives at addresses, whatever goes wrong on the way to them."""

from __future__ import annotations

import itertools
import logging
import os
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")
pytest.importorskip("s3fs", reason="addresses of S3 need s3fs")
pytest.importorskip("moto", reason="a server of S3 for tests")

import castlist
from castlist import places
from castlist.archive import (
    Archive,
    ArchiveFolder,
    Filled,
    fill_archive,
    group_unnamed,
    planning,
    storage,
    write_manifest,
)
from castlist.archive.listing import File, list_files
from castlist.archive.manifest import _write, open_manifest
from castlist.archive.workers import Post, Processes, name_of
from castlist.errors import CastlistError, Message, RunError
from castlist.paths import as_path
from castlist.places import Place, is_address, spelled
from castlist.testing import level_of, make_run, save_picture, tell_faces
from s3_server import Way, s3_server

_numbers = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[Way]:
    with s3_server() as way, pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{way.server_port}",
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "a-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",  # what is tried again, castlist tries again
        }.items():
            patch.setenv(name, value)
        yield way


@pytest.fixture
def way(server: Way, monkeypatch: pytest.MonkeyPatch) -> Way:
    server.faults, server.lasting = {}, None
    server.asked.clear()
    monkeypatch.setattr(places, "PAUSE", 0.01)
    monkeypatch.setattr("s3fs.core.S3FileSystem.retries", 1)
    return server


@pytest.fixture
def bucket(way: Way) -> str:
    """The address of a bucket with nothing in it."""
    import s3fs

    name = f"bucket-{next(_numbers)}"
    s3fs.S3FileSystem().mkdir(name)
    return f"s3://{name}"


@pytest.fixture
def home(tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run and nine pictures, in a folder and in a bucket; units of four; a place for what is temporary."""
    monkeypatch.setattr(planning, "UNIT", 4)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    make_run(tmp_path / "run", ("Ann", "Bo"))
    for i in range(8):
        save_picture(tmp_path / "photos" / f"{i}.png", [level_of(i % 3, i), level_of(10 + i)])
    save_picture(tmp_path / "photos" / "deeper" / "nobody.png", [])
    (tmp_path / "photos" / "film.mp4").write_bytes(b"\0\0\0\x18ftypisom, but no film")
    for name in ("run", "photos"):
        there = Place(f"{bucket}/{name}")
        for path in (tmp_path / name).rglob("*"):
            if path.is_file():
                there.write(path.relative_to(tmp_path / name).as_posix(), path.read_bytes())
    return tmp_path


def make(bucket: str, **wishes: Any) -> Filled:
    wishes = {"finder": tell_faces, **wishes}
    return fill_archive(f"{bucket}/photos", f"{bucket}/run", f"{bucket}/archive", **wishes)


def rows(archive: str | Path) -> list[dict[str, Any]]:
    """All rows, but for when files were written."""
    folder = ArchiveFolder(archive)
    every = [row for unit in folder.units() for row in folder.read(unit)[0].to_pylist()]
    return [{**row, "modified": None} for row in sorted(every, key=lambda row: (row["photo"], row["face"] or 0))]


def test_what_is_larger_than_any_photo_is_not_fetched(home: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Place(f"{bucket}/photos").write("disk.img", bytes(200_000))
    monkeypatch.setattr("castlist.media.limits.MAX_BYTES", 100_000)
    fetched: list[str] = []
    read_all = Place.read_all

    def noted(place: Place, files: list[tuple[str, int]]) -> list[bytes | None]:
        fetched.extend(name for name, _ in files)
        return read_all(place, files)

    monkeypatch.setattr(Place, "read_all", noted)
    assert make(bucket) == Filled(11, 0, 0, True)
    assert len(fetched) == 9 and "disk.img" not in fetched
    (row,) = (row for row in rows(f"{bucket}/archive") if row["photo"] == "disk.img")
    assert "photo-file-large" in repr(row), row
    assert make(bucket).looked == 0


def test_an_archive_at_an_address_has_the_rows_of_a_folder(home: Path, bucket: str, way: Way) -> None:
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces)
    way.asked.clear()
    assert make(bucket) == Filled(10, 0, 0, True)
    assert rows(f"{bucket}/archive") == rows(home / "archive")
    there = {one.name for one in Place(f"{bucket}/archive").files()}
    assert there == {"archive.json", "units/00001.parquet", "units/00002.parquet", "units/00003.parquet"}
    assert not list((home / "tmp").iterdir())
    assert make(bucket) == Filled(0, 0, 0, True)
    Place(f"{bucket}/photos").write("new.png", (home / "photos" / "0.png").read_bytes())
    Place(f"{bucket}/photos").delete("1.png")
    assert make(bucket).looked == 1
    assert [row["gone"] for row in rows(f"{bucket}/archive") if row["photo"] == "1.png"] == [True, True]


def test_whoever_is_being_forgotten_is_forgotten_first(home: Path, bucket: str) -> None:
    make(bucket)
    folder = ArchiveFolder(f"{bucket}/archive")
    folder.save(msgspec.structs.replace(folder.record(), forgetting=("Ann",)))
    with pytest.raises(CastlistError, match="somebody is still being forgotten"):
        make(bucket)


def test_processes_write_at_an_address(home: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(places.__file__).parents[1]))
    assert make(bucket, workers=2).is_whole
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces)
    assert rows(f"{bucket}/archive") == rows(home / "archive")
    assert not list((home / "tmp").iterdir())


def test_a_process_that_is_ended_leaves_nothing_that_it_fetched(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(places.__file__).parents[1]))
    post = Post(str(home), str(home), f"file://{home}/run", "", "", False, None, name_of(tell_faces), 1)
    crew = Processes(post, 1)
    hand = crew.start()
    while not [path for path in (home / "tmp").rglob("castlist-*/*") if path.is_file()]:
        assert hand.news() is None
    hand.end()
    crew.close()
    assert not list((home / "tmp").iterdir())


@pytest.mark.parametrize("fault", ["slow", "503", "cut before", "cut", "half"])
def test_what_fails_for_a_moment_costs_no_row(home: Path, bucket: str, way: Way, fault: str) -> None:
    # Of three requests one: also of those that are repeated.
    way.faults = {"GET": [fault, "", ""] * 8, "PUT": [fault, ""] * 4, "HEAD": ["503"]}
    assert make(bucket).is_whole
    assert not way.faults["GET"]
    way.faults = {}
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces)
    assert rows(f"{bucket}/archive") == rows(home / "archive")


@pytest.mark.parametrize("fault", ["503", "cut before"])
def test_what_fails_for_long_is_told_and_gone_on_with(
    home: Path, bucket: str, way: Way, fault: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(places, "TRIES", 2)
    caplog.set_level(logging.DEBUG, "castlist")
    count = itertools.count()

    def fail_later() -> bool:
        if next(count) == 5:
            way.lasting = fault
        return False

    with pytest.raises(CastlistError, match="can't be used"):
        make(bucket, stop=fail_later)
    assert "a-secret" not in caplog.text
    way.lasting = None
    monkeypatch.setattr(storage, "LEASE", 0.3)
    monkeypatch.setattr(storage, "RENEW", 0.1)
    assert make(bucket).is_whole
    way.faults = {}
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces)
    assert rows(f"{bucket}/archive") == rows(home / "archive")


def test_what_vanished_meanwhile_is_told_in_its_row(home: Path, bucket: str) -> None:
    asked = iter([False])

    def vanish() -> bool:
        if not next(asked, True):
            Place(f"{bucket}/photos").delete("deeper/nobody.png")
        return False

    make(bucket, stop=vanish)
    (row,) = [row for row in rows(f"{bucket}/archive") if row["photo"] == "deeper/nobody.png"]
    assert row["reason"] and row["digest"] == ""


def test_a_name_that_leads_elsewhere_is_passed_over(home: Path, bucket: str) -> None:
    picture, told = (home / "photos" / "0.png").read_bytes(), []
    for name in ("a//b.png", "../up.png", ".hidden/x.png"):
        Place(f"{bucket}/photos").write(name, picture)
    assert make(bucket, tell=told.append).looked == 10
    assert [message.code for message in told] == ["address-odd-names"]


# Who holds an address


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "LEASE", 1.0)
    monkeypatch.setattr(storage, "RENEW", 0.1)


def test_whoever_holds_an_address_keeps_others_out(bucket: str, quick: None) -> None:
    one, other = (ArchiveFolder(f"{bucket}/archive") for _ in range(2))
    with one.alone(), pytest.raises(CastlistError, match="Somebody is at work on the archive 's3://bucket-"):
        other.alone().__enter__()
    with other.alone():
        pass
    with one.sharing((1, 2), lambda: None), pytest.raises(CastlistError, match="Somebody is at work"):
        other.alone().__enter__()
    assert not list(Place(f"{bucket}/archive").files())


def test_a_dead_holder_is_followed_and_writes_no_more(
    bucket: str, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep = storage.Bucket(Place(bucket))
    with monkeypatch.context() as patch:
        patch.setattr(storage, "RENEW", 3.0)
        sleeping = asleep.hold(".lock", 0)
        sleeping.__enter__()
    with storage.Bucket(Place(bucket)).hold(".lock", 0):
        asleep._lost.wait(10)
        with pytest.raises(RunError, match="was taken over"):
            asleep.write("units/1", b"late")
        sleeping.__exit__(None, None, None)
        assert Place(bucket).has(".lock")  # which is another's
    assert not Place(bucket).has(".lock")


# Addresses


def test_what_is_an_address() -> None:
    assert all(map(is_address, ("s3://bucket/a", "gs://b", "memory://x", "az://c/d")))
    assert not any(map(is_address, ("photos", "C:\\photos", "c://x", "/s3://x", "", Path("s3://bucket"))))


def test_a_path_below_an_address_is_shown_as_one() -> None:
    for place in ("s3://bucket/a b/x.png", "/photos/s3:/x.png", "C:/photos/x.png"):
        assert spelled(Path(place)) == place


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    for address in (
        "s3://somebody:hunter2@bucket/photos",
        "s3://AKIA123:hun/hunter2@bucket/photos",  # keys of Amazon's have slashes
        "S3://hunter2@bucket",
        "az://box/photos?sv=2024&sig=hunter2",
        "s3://bucket/photos?X-Amz-Signature=hunter2",
    ):
        for refuse, code in ((Place, "address-password"), (Archive, "address-password"), (as_path, "address-here")):
            for given in (address, Path(address)) if refuse is as_path else (address,):
                with pytest.raises(CastlistError) as refused:
                    refuse(given)
                assert refused.value.code == code and "hun" not in str(refused.value)
    with pytest.raises(CastlistError, match="'s3://bucket/me@home'"):
        as_path("s3://bucket/me@home")
    for address in ("memory://host:22/photos", "memory://[::1]:22/me@home", "memory://a/what? b=c"):
        assert Place(address).address == address
    for address in ("s3://", "s3:///"):
        with pytest.raises(CastlistError, match="such as s3://bucket/photos"):
            Place(address)
    with pytest.raises(CastlistError, match=r"can't be used \(Protocol not known"):
        Place("nobody-knows://x")


def test_another_file_system_does_the_same() -> None:
    there = Place("memory://a-test-of-places")
    assert there.create("a", b"1") and not there.create("a", b"2")
    assert there.read_all([("a", 1), ("b", 2)]) == [b"1", None]
    assert [(one.name, one.bytes) for one in there.files()] == [("a", 1)]
    there.delete("a")
    there.delete("a")
    assert not there.has("a")


# Manifests


def test_a_manifest_lists_a_bucket_once(home: Path, bucket: str, way: Way) -> None:
    assert write_manifest(f"{bucket}/photos", home / "manifest.parquet") == 10
    Place(f"{bucket}/photos").write("later.png", (home / "photos" / "0.png").read_bytes())
    fill_archive(None, home / "run", home / "archive", manifest=home / "manifest.parquet", finder=tell_faces)
    assert Archive(home / "archive").counts().photos == 10
    assert ArchiveFolder(home / "archive").record().root == f"{bucket}/photos"
    listed = home / "list.txt"
    listed.write_text(f"{bucket}/photos/deeper/nobody.png\n\n{bucket}/photos/1.png\n{bucket}/photos/gone.png\n")
    assert write_manifest(listed, home / "manifest.parquet") == 2
    assert open_manifest(home / "manifest.parquet").root == f"{bucket}/photos"


def test_a_manifest_lists_a_folder_and_a_list_of_paths(home: Path) -> None:
    manifest, listed = home / "manifest.parquet", home / "list.txt"
    assert write_manifest(home / "photos", manifest) == 10
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces)
    assert fill_archive(None, home / "run", home / "archive", manifest=manifest) == Filled(0, 0, 0, True)
    listed.write_text(f"{home / 'photos' / '3.png'}\n{home / 'photos' / 'deeper' / 'nobody.png'}\n")
    listed.write_text(listed.read_text() + f"{home / 'photos' / 'gone.png'}\r\n")
    told: list[Message] = []
    assert write_manifest(listed, manifest, tell=told.append) == 2
    assert str(told[0]) == f"Of 3 files that {str(listed)!r} lists, 1 isn't there."
    fill_archive(None, home / "run", home / "archive", manifest=manifest)
    assert Archive(home / "archive").counts().photos == 2  # the others are there no more


def test_of_a_manifest_some_rows_are_held_at_a_time(tmp_path: Path) -> None:
    _write(tmp_path / "many.parquet", str(tmp_path), list_files(File(f"{i:06}.jpg", i, i) for i in range(20_000)))
    files = open_manifest(tmp_path / "many.parquet").files(tmp_path, None)
    tracemalloc.start()
    try:
        assert sum(1 for _ in files) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000  # of all rows at once it was 2,900,000
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_pipe_may_list_files_but_is_no_manifest(home: Path) -> None:
    manifest, pipe = home / "manifest.parquet", home / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(CastlistError, match=r"is no manifest that can be read \(not a regular file\)"):
        open_manifest(pipe)
    with pytest.raises(CastlistError, match=r"nor a text file of paths \(not a regular file\)"):
        write_manifest("/dev/zero", manifest)
    writer = threading.Thread(target=pipe.write_text, args=(f"{home / 'photos' / '3.png'}\n",), daemon=True)
    writer.start()
    assert write_manifest(pipe, manifest) == 1


def test_what_is_no_manifest_is_said(home: Path) -> None:
    manifest, listed = home / "manifest.parquet", home / "list.txt"
    manifest.write_text("nothing")
    with pytest.raises(CastlistError, match="is no manifest that can be read"):
        open_manifest(manifest)
    with pytest.raises(CastlistError, match="isn't what is written there"):
        write_manifest(home / "photos", manifest)
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    for column in ({"bytes": ["x"]}, {"modified": pa.array([None], pa.int64())}):
        table = pa.table({"photo": ["1.png"], "bytes": [1], "modified": [1]} | column)
        pq.write_table(table.replace_schema_metadata({"castlist.root": str(home / "photos")}), home / "odd.parquet")
        with pytest.raises(CastlistError, match="is no manifest that can be read"):
            list(open_manifest(home / "odd.parquet").files(home, None))
    listed.write_text("nowhere.png\n")
    with pytest.raises(CastlistError, match="1 isn't there"):
        write_manifest(listed, home / "new.parquet")
    for text in ("", "s3://bucket/a.png\n/photos/b.png\n"):
        listed.write_text(text)
        with pytest.raises(CastlistError, match="one a line"):
            write_manifest(listed, home / "new.parquet")
    for text in ("s3://bucket/a.png\ns3://other/b.png\n", "s3://bucket/a.png\ngs://bucket/b.png\n", "s3://a.png\n"):
        listed.write_text(text)
        with pytest.raises(CastlistError, match="of one bucket"):
            write_manifest(listed, home / "new.parquet")
    with pytest.raises(CastlistError, match="nor a text file of paths"):
        write_manifest(home / "nowhere", home / "new.parquet")
    with pytest.raises(CastlistError, match="one of the two"):
        fill_archive(None, home / "run", home / "archive")


def test_an_azure_store_s_refusal_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class RefusedError(Exception):
        response = object()  # of Azure's library; of S3's it is a dictionary

    monkeypatch.setattr(places, "PAUSE", 0)
    place = Place("memory://bucket/photos")
    monkeypatch.setattr(place._files, "pipe_file", Mock(side_effect=RefusedError("no such box")))
    with pytest.raises(CastlistError, match="can't be used"):
        place.write("a", b"1")


def test_an_address_of_this_machine_is_served_and_no_path_ever_is_one(tmp_path: Path) -> None:
    make_run(tmp_path / "run", ("Ann",))
    save_picture(tmp_path / "photos" / "a.png", [level_of(0)])
    done = fill_archive(*(f"file://{tmp_path}/{name}" for name in ("photos", "run", "archive")), finder=tell_faces)
    assert done.looked == 1 and len(Archive(tmp_path / "archive").people()) == 2
    for call in (
        lambda: fill_archive(tmp_path / "photos", tmp_path / "run", Path("s3://bucket/archive")),
        lambda: fill_archive(Path("s3://bucket/photos"), tmp_path / "run", tmp_path / "other"),
        lambda: group_unnamed("s3://bucket/archive"),
        lambda: castlist.enrol("s3://bucket/run", "Ann", [tmp_path / "photos" / "a.png"]),
    ):
        with pytest.raises(CastlistError) as told:
            call()
        assert told.value.code in ("address-here", "archive-far")
    assert not (tmp_path / "s3:").exists()


def test_a_web_server_is_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CastlistError, match="doesn't tell which files there are"):
        Place("https://example.com/photos")
    place = Place("memory://bucket/photos")
    listing = {f"{place._root}/a.png": {"type": "file", "size": None}}
    monkeypatch.setattr(place._files, "find", Mock(return_value=listing))
    with pytest.raises(CastlistError, match="doesn't tell which files there are"):
        list(place.files())

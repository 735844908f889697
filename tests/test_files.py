"""A write that fails leaves what was there."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from castlist.errors import CastlistError
from castlist.files import (
    append_lines,
    need_folder,
    need_replaceable,
    remove_parts,
    table_bytes,
    write_bytes,
    write_csv,
    write_text,
)


def test_tables_survive_commas_and_lines_and_excel_knows_their_letters(tmp_path: Path) -> None:
    write_csv(tmp_path / "new" / "a.csv", ("name", "n"), [('Ann, "A"', 1), ("a\nb", 2)])
    assert (tmp_path / "new" / "a.csv").read_text("utf-8") == '\ufeffname,n\n"Ann, ""A""",1\n"a\nb",2\n'
    write_text(tmp_path / "a.txt", "caf\udce9")
    assert (tmp_path / "a.txt").read_bytes() == b"caf\\udce9"
    assert table_bytes(("caf\udce9",), []).endswith(b"caf\\udce9\n"), "a name that isn't UTF-8 is spelled out"


@pytest.mark.parametrize(
    ("number", "code", "advice"),
    [
        (errno.ENOSPC, "disk-full", "Free some space"),
        (errno.EDQUOT, "disk-full", "Free some space"),
        (errno.EACCES, "write-forbidden", "Get the right"),
        (errno.EPERM, "write-forbidden", "Get the right"),
        (errno.EROFS, "write-forbidden", "Get the right"),
        (errno.EIO, "write-failed", "Choose another place"),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, code: str, advice: str
) -> None:
    write_text(tmp_path / "a.txt", "before")
    seen: list[str] = []

    def fail(*args: object, **named: object) -> None:
        seen.extend(part.read_text() for part in tmp_path.glob(".*.part"))
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(CastlistError, match=advice) as failure:
        write_text(tmp_path / "a.txt", "after")
    assert seen == ["after"], "it failed before anything was written"
    assert failure.value.code == code
    assert (tmp_path / "a.txt").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_the_folder_is_full_before_anything_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, os.replace

    def flush(handle: int) -> None:
        calls.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def rename(*paths: Path) -> None:
        calls.append("rename")
        replace(*paths)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "replace", rename)
    write_text(tmp_path / "a.txt", "text")
    assert calls == ["file", "rename", *(["folder"] if hasattr(os, "O_DIRECTORY") else [])]


@pytest.mark.skipif(not hasattr(os, "O_DIRECTORY"), reason="this system flushes no folders")
def test_a_file_system_may_have_no_folders_to_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync = os.fsync
    for number, is_fine in ((errno.EINVAL, True), (errno.EIO, False)):

        def flush(handle: int, number: int = number) -> None:
            if stat.S_ISDIR(os.fstat(handle).st_mode):
                raise OSError(number, os.strerror(number))
            fsync(handle)

        monkeypatch.setattr(os, "fsync", flush)
        if is_fine:
            write_text(tmp_path / "a.txt", "text")
        else:
            with pytest.raises(CastlistError, match="can't be written"):
                write_text(tmp_path / "b.txt", "text")
    assert (tmp_path / "a.txt").read_text() == "text"


def test_threads_write_one_file_and_none_tears_it(tmp_path: Path) -> None:
    texts = [bytes([97 + i]) * 200_000 for i in range(8)]
    errors: list[Exception] = []

    def write(text: bytes) -> None:
        try:
            for _ in range(10):
                write_bytes(tmp_path / "a.txt", text)
                assert (tmp_path / "a.txt").read_bytes() in texts
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CastlistError, match="can't be written"):
        write_text(tmp_path / "file" / "a.txt", "text")


def test_what_has_no_name_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CastlistError, match="can't be written"):
        write_text(Path(), "text")
    assert list(tmp_path.iterdir()) == []


def test_the_longest_names_are_written(tmp_path: Path) -> None:
    write_text(tmp_path / ("a" * 251 + ".txt"), "text")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["text"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_what_is_private_is_read_by_nobody_else(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_text(tmp_path / "private" / "a", "text", private=True)
        write_text(tmp_path / "open" / "a", "text")
        write_text(tmp_path / "open" / "a", "again", private=True)
        write_text(tmp_path / "open" / "b", "text")
        os.umask(0)
        write_text(tmp_path / "open" / "c", "text")
        need_folder(tmp_path / "needed" / "deeper", private=True)
        need_folder(tmp_path / "needed" / "deeper")  # there already
    finally:
        os.umask(before)
    modes = {path.relative_to(tmp_path).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    (tmp_path / "open" / "photo").touch(0o750)  # as some cameras' cards have all files: nobody is to run a sidecar
    write_bytes(tmp_path / "beside", b"", like=tmp_path / "open" / "photo")
    assert stat.S_IMODE((tmp_path / "beside").stat().st_mode) == 0o640, "whoever may read the photo may read this"
    needed = {"needed": 0o777, "needed/deeper": 0o700}
    written = {"private/a": 0o600, "open/a": 0o600, "open/b": 0o644, "open/c": 0o666}
    assert modes == {"private": 0o700, "open": 0o755, **written, **needed}


def test_only_parts_are_removed(tmp_path: Path) -> None:
    part = tmp_path / f".{os.getpid()}-0123456789abcdef.part"
    part.touch()
    for name in ("a.part", "part.onnx", ".hidden"):
        (tmp_path / name).touch()
    assert remove_parts(tmp_path) == 1
    assert remove_parts(tmp_path / "none") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden", "a.part", "part.onnx"]


def test_lines_are_on_disk_once_they_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: sizes.append(os.fstat(file).st_size))
    append_lines(tmp_path / "lines", b"one\n")
    assert sizes == [4]


def test_lines_are_added_whole_and_half_ones_go(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    append_lines(path, b"one\n")
    path.write_bytes(path.read_bytes() + b"hal")  # as a kill leaves it
    append_lines(path, b"two\nthree\n")
    assert path.read_bytes() == b"one\ntwo\nthree\n"
    path.write_bytes(b"one\n" + b"h" * 2**16)  # the end of the last line is the last byte before those read first
    append_lines(path, b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    assert os.name != "posix" or stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="the limit is POSIX's")
def test_of_lines_that_find_no_room_none_is_there(tmp_path: Path) -> None:
    import resource

    append_lines(tmp_path / "lines", b"one\n")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(CastlistError, match="Free some space"):
            append_lines(tmp_path / "lines", b"two, and then more\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "lines").read_bytes() == b"one\n"


def test_of_lines_that_reach_no_disk_none_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(file: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    append_lines(tmp_path / "lines", b"one\n")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CastlistError, match="can't be written"):
        append_lines(tmp_path / "lines", b"two\n")
    assert (tmp_path / "lines").read_bytes() == b"one\n"


@pytest.mark.parametrize("there", [b"", b"name,n\n", b" \n NAME,n\n"])
def test_what_is_of_the_same_kind_is_replaced(tmp_path: Path, there: bytes) -> None:
    (tmp_path / "a").write_bytes(there)
    need_replaceable(tmp_path / "a", b"Name,")


@pytest.mark.parametrize("there", [b"\xff\xd8\xff\xe0", b"a name,n\n", b"nam"])
def test_what_is_of_another_kind_is_not(tmp_path: Path, there: bytes) -> None:
    (tmp_path / "a").write_bytes(there)
    with pytest.raises(CastlistError, match="it would be lost"):
        need_replaceable(tmp_path / "a", b"Name,")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_no_device_and_no_pipe_is_replaced(tmp_path: Path) -> None:
    """As root, /dev/null itself could be."""
    (tmp_path / "link").symlink_to("/dev/zero")
    (tmp_path / "stdout").symlink_to("/proc/self/fd/1")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "stdout", "pipe"):
        before = (tmp_path / name).lstat().st_ino
        with pytest.raises(CastlistError, match="would be lost") as refused:
            write_bytes(tmp_path / name, b"a")
        assert refused.value.code == "file-in-the-way"
        assert (tmp_path / name).lstat().st_ino == before
    assert len(list(tmp_path.iterdir())) == 3

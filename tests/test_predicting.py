"""Naming as a use-case: answers, rows and pictures as they come; nothing overwrites anything, nothing is obeyed."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from castlist.cli.console import film_lines, pad, photo_lines, say, tally_lines, width_of
from castlist.cli.words import speak
from castlist.errors import CastlistError, Message, WeightsError
from castlist.escaping import for_cell, for_json, for_terminal
from castlist.faces import Box
from castlist.media import digest_of, original_of, read_photo
from castlist.naming import (
    COLUMNS,
    NamedFace,
    NamedFilm,
    NamedPhoto,
    Sighting,
    Table,
    Track,
    film_json,
    film_rows,
    photo_json,
    photo_rows,
)
from castlist.naming.films.records import join_tracks
from castlist.painting import tell_apart
from castlist.predicting import Remark, Tally, predict
from conftest import save_noise

EVIL = "\x1b]0;owned\x07\x9b31m\u202egpj.exe"


class FakeRecognizer:
    """Names everybody Ann; a photo called bad can't be read."""

    network = None
    face_network = "one"
    run = SimpleNamespace(people=("Ann",))

    def name_photos(self, paths: list[Path], *, repeat: bool, thorough: bool) -> object:
        for path in paths:
            if path.stem == "bad":
                yield NamedPhoto(path, (), Message("photo-empty", "the file is empty"))
            else:
                yield NamedPhoto(path, (NamedFace("Ann", 0.9, (), Box(1, 1, 9, 9)),))


def rows_of(table: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(table.read_text("utf-8-sig").splitlines()))


def test_rows_are_in_the_table_as_they_come(tmp_path: Path) -> None:
    paths = [save_noise(tmp_path / f"{i}.png", i) for i in range(3)]
    table = tmp_path / "new" / "table.csv"
    answers = predict(paths, FakeRecognizer(), table=str(table))
    for n in (1, 2):
        next(answers)
        assert [row["photo"] for row in rows_of(table)] == [str(path) for path in paths[:n]]
    answers.close()
    assert len(rows_of(table)) == 2


def test_pictures_of_one_stem_are_all_there(tmp_path: Path) -> None:
    names = ["a/1.png", "b/1.png", "b/1.jpg", "b/2.png", "c/b/1.png"]
    paths = [save_noise(tmp_path / name, i, (60 + i, 40)) for i, name in enumerate(names)]
    out = tmp_path / "out"
    assert len(list(predict(paths, FakeRecognizer(), pictures=out))) == 5
    told = tell_apart(paths)
    folder = tmp_path.name
    assert told == ["a-1", f"{folder}-b-1.png", f"{folder}-b-1.jpg", "2", "c-b-1"]
    told[0], told[3:] = "a-1.png", ["2.png", "c-b-1.png"]
    assert sorted(path.name for path in out.iterdir()) == sorted(f"{name}.named.jpg" for name in told)
    widths = {round(read_photo(out / f"{name}.named.jpg").shape[1] / 8) for name in told}
    assert len(widths) > 1, "each is of its own photo"


def test_a_copy_is_replaced_by_the_same_photo_alone(tmp_path: Path) -> None:
    x, y = (save_noise(tmp_path / folder / "a.jpg", i, (60 + i, 40)) for i, folder in enumerate("xy"))
    out = tmp_path / "out"
    own = out / "b.named.jpg"  # of the user's
    own.parent.mkdir()
    own.write_bytes(x.read_bytes())
    b = save_noise(tmp_path / "x" / "b.jpg", 5)
    for photo in (x, y, x, y, b):
        list(predict([photo], FakeRecognizer(), pictures=out))
    names = sorted(path.name for path in out.iterdir())
    assert [name.partition("-")[0] for name in names] == ["a", "a.named.jpg", "b", "b.named.jpg"]
    assert own.read_bytes() == x.read_bytes()
    digests = [original_of(out / name) for name in names]
    assert digests == [digest_of(y), digest_of(x), digest_of(b), None]


def test_no_two_names_are_the_same_for_a_file_system_without_case() -> None:
    paths = [
        Path(name) for name in ("/x/a/b-1.jpg", "/x/a-b/1.jpg", "/x/c/1.jpg", "/x/A/1.jpg", "/x/a/1.png", "/y/a/1.jpg")
    ]
    names = tell_apart(paths)
    assert len({name.casefold() for name in names}) == len(paths)
    assert not any("/" in name for name in names)
    assert tell_apart([Path("/x/a.jpg")], folders=1) == ["x-a"]
    assert tell_apart([]) == []


def test_a_picture_that_can_not_be_written_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    paths = [save_noise(tmp_path / f"{i}.png", i) for i in range(3)]
    bad = tmp_path / "bad.jpg"
    bad.write_text("")
    (tmp_path / "out" / "1.png.named.jpg").mkdir(parents=True)
    table = tmp_path / "table.csv"
    answers = list(predict([*paths, bad], FakeRecognizer(), table=table, pictures=tmp_path / "out"))
    assert [type(one) for one in answers] == [NamedPhoto, NamedPhoto, Remark, NamedPhoto, NamedPhoto]
    assert answers[2].path == paths[1]
    assert "can't be written" in str(answers[2].message)
    assert (tmp_path / "out" / "2.png.named.jpg").is_file()
    assert [row["problem"] for row in rows_of(table)] == ["", "", "", "the file is empty"]


def test_what_is_wrong_with_the_network_is_told_once_not_of_each_film(tmp_path: Path) -> None:
    class Recognizer(FakeRecognizer):
        @property
        def gallery(self) -> object:
            raise WeightsError("runtime-unusable", "onnxruntime can't be used.")

    films = [tmp_path / f"{i}.mp4" for i in range(2)]
    for film in films:
        film.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(400))
    with pytest.raises(WeightsError, match="can't be used"):
        next(predict(films, Recognizer()))


def test_a_film_that_can_not_be_read_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(400))
    photo = save_noise(tmp_path / "1.png", 1)
    recognizer = FakeRecognizer()
    recognizer.gallery = "one"
    named, unread = predict([film, photo], recognizer, table=tmp_path / "table.csv", pictures=tmp_path / "out")
    assert (named.path, unread.path) == (photo, film)
    assert not unread.is_read
    assert "damaged, cut short" in json.loads(film_json(unread))["problem"]
    assert "sightings" not in json.loads(film_json(unread))
    rows = rows_of(tmp_path / "table.csv")
    assert [row["photo"] for row in rows] == [str(photo), str(film)]
    assert "damaged, cut short" in rows[1]["problem"]
    assert "damaged, cut short" in film_lines(unread, 5)


def test_what_can_not_be_is_said_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    photo = save_noise(tmp_path / "1.png", 1)
    with pytest.raises(CastlistError, match="Nobody here is called 'Bob'"):
        predict([photo], FakeRecognizer(), table=tmp_path / "table.csv", hidden="Bob")
    assert not (tmp_path / "table.csv").exists()
    with pytest.raises(CastlistError, match=r"table.csv' can't be written"):
        list(predict([photo], FakeRecognizer(), table=tmp_path / "file" / "table.csv"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk to try")
def test_a_full_disk_is_one_sentence() -> None:
    with pytest.raises(CastlistError, match="No space left"):
        Table("/dev/full")


def test_names_of_others_reach_no_terminal_as_commands(capsys: pytest.CaptureFixture[str]) -> None:
    photo = NamedPhoto(Path(f"{EVIL}.jpg"), (NamedFace(EVIL, 0.5, ((EVIL, 0.1),)),))
    film = NamedFilm(Path(f"{EVIL}.mp4"), 20, 10, (), (Sighting(EVIL, 0.5, 0, 1),))
    say(f"{EVIL}: left out")
    shown = [photo_lines(photo), photo_lines(NamedPhoto(photo.path, ())), film_lines(film, 5), photo_json(photo)]
    shown += [film_json(film), capsys.readouterr().err.removesuffix("\n")]
    for text in shown:
        assert text.isprintable() or all(
            ord(mark) >= 32 and mark not in EVIL for mark in text if not mark.isprintable()
        )
        assert not set(text) & {"\x1b", "\x07", "\x9b", "\u202e"}
    assert json.loads(photo_json(photo))["faces"][0]["name"] == EVIL
    assert json.loads(film_json(film))["film"] == f"{EVIL}.mp4"
    assert for_terminal("王小明 Zoë \u200d") == "王小明 Zoë \u200d"
    assert for_terminal("a\udcff\nb\u2028") == "a\\udcff\\nb\\u2028"
    assert json.loads(for_json("a\udcff\x85")) == "a\udcff\x85"


def test_three_answers_from_left_to_right() -> None:
    faces = (
        NamedFace("Ann", 0.9, (), Box(60, 1, 99, 40)),
        NamedFace("unknown", 0.29, (("小滿", 0.71),), Box(20.36, 5, 50, 35), perhaps="小滿"),
        NamedFace("unknown", 0.8, (("Ann", 0.2),), Box(2, 3, 12, 13), Message("face-small", "too small")),
    )
    photo = NamedPhoto(Path("a.jpg"), faces)
    assert photo_lines(photo).splitlines() == [
        "a.jpg  unknown  80.0%  at 2,3  (too small)",
        "a.jpg  perhaps 小滿  71.0%  at 20,5",
        "a.jpg  Ann  90.0%  at 60,1",
    ]
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in photo_rows(photo)]
    assert [(row["name"], row["perhaps"], row["perhaps_probability"]) for row in rows] == [
        ("unknown", "", ""),
        ("unknown", "小滿", "0.710000"),
        ("Ann", "", ""),
    ]
    assert [row["problem"] for row in rows] == ["too small", "", ""]
    (nobody,) = photo_rows(NamedPhoto(Path("a.jpg"), ()))
    assert dict(zip(COLUMNS, nobody, strict=True))["problem"] == "no face found"
    told = json.loads(photo_json(photo))["faces"]
    assert [(one["name"], one["perhaps"]) for one in told] == [("unknown", None), ("unknown", "小滿"), ("Ann", None)]
    assert [one["box"] for one in told] == [[2, 3, 12, 13], [20.4, 5, 50, 35], [60, 1, 99, 40]]
    assert [one.get("problem") for one in told] == ["too small", None, None]
    track = Track(faces[1], 0, 1, 0, np.zeros((2, 4), np.float32), (0, 9), True)
    film = NamedFilm(Path("a.mp4"), 20, 10, (track,), join_tracks([track]))
    assert film_lines(film, 5) == "a.mp4  perhaps 小滿  71.0%  0.0 s to 1.0 s"
    (sighting,) = json.loads(film_json(film))["sightings"]
    assert (sighting["name"], sighting["perhaps"], sighting["perhaps_probability"]) == ("unknown", "小滿", 0.71)
    assert dict(zip(COLUMNS, next(film_rows(film)), strict=True))["perhaps"] == "小滿"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_no_cell_is_a_formula(start: str) -> None:
    name = f"{start}cmd|' /C calc'!A0"
    photo = NamedPhoto(Path(f"{start}1.jpg"), (NamedFace(name, 0.5, (), Box(0, 1, 2, 3)),))
    film = NamedFilm(Path(f"{start}1.mp4"), 20, 10, (), (Sighting(name, 0.5, 0, 1),))
    odd = NamedPhoto(Path("a.jpg"), (), Message("photo-damaged", "{reason}", {"reason": name}))
    for row in (*photo_rows(photo), *film_rows(film), *photo_rows(odd)):
        assert not any(cell.startswith(start) for cell in row)
        assert f"'{name}" in row or ascii(name)[1:-1] in ascii(row)  # in a sentence, what steers is spelled out
    assert for_cell("Ann = Bob") == "Ann = Bob"


def test_a_table_is_one_that_spreadsheets_and_programs_read(tmp_path: Path) -> None:
    whole = NamedPhoto(Path("a.jpg"), (NamedFace("小滿", 0.5, ()),))
    films = [NamedFilm(Path("a.mp4"), 20, 10, (), some) for some in ((Sighting("Ann", 0.5, 0, 1),), ())]
    path = tmp_path / "new" / "folders" / "table.csv"
    for _ in range(2):  # anew, in the place of a table
        with Table(path) as table:
            table.add(photo_rows(whole))
            for film in films:
                table.add(film_rows(film))
    head, *rows = path.read_bytes().decode("utf-8").split("\n")
    assert head == "\ufeff" + ",".join(COLUMNS)
    assert rows == [
        "a.jpg,小滿,0.500000,,,,,,,,,",
        "a.mp4,Ann,0.500000,,,,,,,0.00,1.00,",
        "a.mp4,,,,,,,,,,,no face found",
        "",
    ]
    photo = save_noise(tmp_path / "1.png", 1)
    before = photo.read_bytes()
    with pytest.raises(CastlistError):
        Table(photo)
    assert photo.read_bytes() == before


def test_a_name_that_is_no_text_stops_no_table(tmp_path: Path) -> None:
    with Table(tmp_path / "table.csv") as table:
        table.add(photo_rows(NamedPhoto(Path("a\udcff.jpg"), ())))
    assert rows_of(tmp_path / "table.csv")[0]["photo"] == "a\\udcff.jpg"


def test_a_summary_says_who_is_in_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("castlist.cli.words._spoken", "en")
    both = (NamedFace("小滿", 0.9, ()), NamedFace("Ann", 0.9, ()), NamedFace("Ann", 0.8, ()))
    strangers = (NamedFace("unknown", 0.9, ()), NamedFace("unknown", 0.6, (("Ann", 0.4),), perhaps="Ann"))
    tally = Tally()
    for i, faces in enumerate([both, both[:1], strangers, ()]):
        tally.add(NamedPhoto(Path(f"{i}.jpg"), faces))
    tally.add(NamedPhoto(Path("bad.jpg"), (), Message("photo-empty", "the file is empty")))
    tally.add(NamedFilm(Path("a.mp4"), 25, 50, (), (Sighting("Ann", 0.9, 0, 1), Sighting("Ann", 0.9, 2, 3))))
    assert list(tally_lines(tally)) == [
        "Of 6 photos and films, seen in:",
        "  小滿              2",
        "  Ann               2",
        "  perhaps somebody  1",
        "  unknown           1",
        "  no face           1",
        "  not read          1",
    ]
    speak("zh-TW")
    told = list(tally_lines(tally))
    assert told[0] == "6 個照片與影片中，各出現於幾個："
    assert len({width_of(line) for line in told[1:]}) == 1


def test_columns_hold_with_wide_letters_and_accents_of_their_own() -> None:
    cells = pad(["小滿", "Zoe\u0308", "Ann-Marie"])
    assert [width_of(cell) for cell in cells] == [9, 9, 9]
    # As terminals show them: a Korean letter in its three parts, a Thai vowel above its consonant, a joined sign.
    assert [width_of(name) for name in ("\u1112\u1161\u11ab", "มานี", "a\u200db")] == [2, 3, 2]


@pytest.mark.skipif(os.name != "posix", reason="here no limit stands for a disk that is full")
def test_a_disk_that_is_full_leaves_whole_rows(tmp_path: Path) -> None:
    import resource

    row = ["a.jpg", *["1"] * 11]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Table(tmp_path / "table.csv") as table:
        table.add([row])
        whole = (tmp_path / "table.csv").read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 40, limits[1]))
        try:
            with pytest.raises(CastlistError, match=r"table.csv' can't be written"):
                table.add([row, row])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "table.csv").read_bytes() == whole

"""A font is chosen because it has the glyphs, not because of its name."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from castlist.errors import FontError
from castlist.painting.fonts import Font, find_fonts, read_characters, set_font_folders, split_by_font


def a_font(characters: str, *, segments: int = 12) -> bytes:
    """A font file with nothing but a character table."""
    codes = sorted(map(ord, characters))
    if segments == 12:
        groups = b"".join(struct.pack(">III", code, code, i + 1) for i, code in enumerate(codes))
        table = struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, len(codes)) + groups
        encoding = (3, 10)
    else:
        ends = starts = [*codes, 0xFFFF]
        count = len(ends)
        # The first glyph by delta; the others through the glyph table, where 0 means there is none.
        deltas = [(1 - codes[0]) & 0xFFFF] + [0] * (count - 2) + [1]
        offsets = [0] + [2 * (count - 1)] * (count - 2) + [0]
        glyphs = [0, *range(2, count)][: count - 2]
        words = [4, 0, 0, 2 * count, 0, 0, 0, *ends, 0, *starts, *deltas, *offsets, *glyphs]
        table = struct.pack(f">{len(words)}H", *words)
        encoding = (3, 1)
    cmap = struct.pack(">HHHHI", 0, 1, *encoding, 12) + table
    return struct.pack(">IHHHH4sIII", 0x10000, 1, 0, 0, 0, b"cmap", 0, 28, len(cmap)) + cmap


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The only folder with fonts; what is in it is seen from the first text on."""
    set_font_folders([tmp_path])
    yield tmp_path
    set_font_folders(None)


def test_reads_both_kinds_of_character_tables() -> None:
    assert read_characters(io.BytesIO(a_font("A陳\U00020021")), 0) == {0x41, ord("陳"), 0x20021}
    # The second character maps to glyph 0, the empty box: it isn't there.
    assert read_characters(io.BytesIO(a_font("ABCD", segments=4)), 0) == {0x41, 0x43, 0x44}


def test_reads_a_face_of_a_collection() -> None:
    single = a_font("A陳")
    # Offsets in a collection count from the file's start.
    moved = single[:20] + struct.pack(">I", 16 + 28) + single[24:]
    collection = b"ttcf" + struct.pack(">III", 0x10000, 1, 16) + moved
    assert read_characters(io.BytesIO(collection), 0) == {0x41, ord("陳")}


def test_agrees_with_the_font_that_pillow_brings() -> None:
    characters = Font(None).characters
    assert set(map(ord, "Chris 98 %…")) <= characters
    assert ord("陳") not in characters


def test_latin_needs_no_installed_font(folder: Path) -> None:
    assert find_fonts("Chris 98 %") == [Font(None)]
    assert Font(None).load(20).getlength("Chris") > 30


def test_takes_the_font_that_has_the_glyphs(folder: Path) -> None:
    (folder / "DejaVuSans.ttf").write_bytes(a_font("Chris"))
    (folder / "NotoSansCJK-Regular.ttf").write_bytes(a_font("Chris", segments=4))  # has the name and nothing else
    (folder / "zz.ttf").write_bytes(a_font("陳小明"))
    (folder / "damaged.ttf").write_bytes(b"\0\1\0\0 not a font")
    assert find_fonts("陳小明") == [Font(folder / "zz.ttf")]
    assert find_fonts("Chris") == [Font(folder / "DejaVuSans.ttf")]
    assert set(find_fonts("Chris 陳")) >= {Font(folder / "zz.ttf")}


def test_a_text_in_two_scripts_is_cut_into_runs(folder: Path) -> None:
    (folder / "zz.ttf").write_bytes(a_font("陳明"))
    assert split_by_font("Chris 陳明") == [("Chris ", Font(None)), ("陳明", Font(folder / "zz.ttf"))]
    assert split_by_font("") == []


def test_letters_and_accents_are_composed_first(folder: Path) -> None:
    (folder / "zz.ttf").write_bytes(a_font("é"))  # macOS takes names apart, and few fonts have lone accents
    assert split_by_font("e\u0301") == [("é", Font(folder / "zz.ttf"))]


def test_a_missing_font_is_one_message_with_what_to_install(folder: Path) -> None:
    with pytest.raises(FontError, match=r"characters '小明陳'.*apt install fonts-noto-cjk") as caught:
        find_fonts("Chris 陳小明")
    assert caught.value.missing == "小明陳"
    with pytest.raises(FontError, match="fonts-noto-core"):
        find_fonts("नरेन्द्र")


def test_what_is_invisible_needs_no_glyph(folder: Path) -> None:
    assert find_fonts("a\u200d\n\ufe0f\t") == [Font(None)]


def test_regions_of_a_collection() -> None:
    if not any(Path("/usr/share/fonts").rglob("NotoSansCJK-Regular.ttc")):
        pytest.skip("fonts-noto-cjk is not installed")
    (taiwan, *_), (japan, *_), (korea, *_) = find_fonts("陳小明"), find_fonts("さくら"), find_fonts("김민준")
    families = [font.load(10).getname()[0] for font in (taiwan, japan, korea)]
    assert families == ["Noto Sans CJK TC", "Noto Sans CJK JP", "Noto Sans CJK KR"]

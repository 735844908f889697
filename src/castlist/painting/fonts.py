"""Fonts of this machine that really have the glyphs of a text; a label of empty boxes names nobody."""

from __future__ import annotations

import functools
import importlib.util
import io
import os
import struct
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import ImageFont

from castlist.errors import FontError
from castlist.paths import as_path, as_several

# Beginnings of file names, lower case, the best first. Whatever else is installed comes after them.
LATIN = ("notosans-regular", "notosans[", "dejavusans.", "arial.", "segoeui.", "helvetica", "liberationsans-regular")
CJK = (
    *("notosanscjk", "notosanstc", "notosanshk", "sourcehansans", "wqy-", "wenquanyi", "pingfang", "msjh"),
    *("hiragino", "stheiti", "msyh", "yugoth", "malgun", "applesdgothicneo", "droidsansfallback"),
)
STYLES = ("bold", "italic", "oblique", "black", "thin", "light", "condensed", "mono", "serif", "emoji", "lastresort")
SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
MAX_FACES = 64  # of a collection; more is a damaged file

_chosen: tuple[Path, ...] | None = None  # folders; None: those of the system


@dataclass(frozen=True)
class Font:
    """One face of a font file; without a path it is Pillow's built-in one."""

    path: Path | None
    index: int = 0  # in a collection

    def load(self, size: float) -> ImageFont.FreeTypeFont:
        """Open the face for drawing at a size in pixels."""
        if self.path is None:
            return _built_in(size)
        return ImageFont.truetype(self.path, size, self.index)

    @functools.cached_property
    def characters(self) -> frozenset[int]:
        """The code points that it has a glyph for; none when the file is damaged."""
        try:
            if self.path is None:
                return read_characters(io.BytesIO(_built_in(10).font_bytes), 0)
            with self.path.open("rb") as file:
                return read_characters(file, self.index)
        except (OSError, struct.error, IndexError):
            return frozenset()


def find_fonts(text: str) -> list[Font]:
    """Find fonts that together have every character of a text, few of them, the most fitting first.

    Raises:
        FontError: If a character is in none of them.
    """
    missing = {ord(character) for character in text if _is_visible(character)}
    fonts: list[Font] = []
    for font in _candidates(text):
        if missing and not missing & font.characters:
            continue
        fonts.append(font)
        missing -= font.characters
        if not missing:
            return fonts
    characters = "".join(map(chr, sorted(missing)))
    package = "fonts-noto-cjk" if any(map(_is_cjk, characters)) else "fonts-noto-core"
    raise FontError(
        "font-missing",
        "No font on this machine has the characters {characters!r}. Install one, such as Noto Sans (on Debian and "
        "Ubuntu: apt install {package}).",
        missing=characters,
        characters=characters[:20],
        package=package,
    )


def split_by_font(text: str) -> list[tuple[str, Font]]:
    """Cut a text, composed as Unicode's NFC, into runs that one font each can draw, in order.

    Raises:
        FontError: If a character is in no font of this machine.
    """
    text = unicodedata.normalize("NFC", text)
    fonts = find_fonts(text)
    runs: list[tuple[str, Font]] = []
    for character in text:
        if runs and (not _is_visible(character) or ord(character) in runs[-1][1].characters):
            runs[-1] = (runs[-1][0] + character, runs[-1][1])
        else:
            has_it = (font for font in fonts if ord(character) in font.characters)
            runs.append((character, next(has_it, fonts[0])))
    return runs


def read_characters(file: BinaryIO, index: int) -> frozenset[int]:
    """Read which code points a face of a TrueType or OpenType file maps to a glyph.

    Args:
        file: The font file, opened for reading.
        index: Which face of a collection; 0 for a file with one.

    Raises:
        struct.error: If the file is damaged or no font.

    Source: the OpenType specification, tables `ttcf` and `cmap` (formats 4 and 12).
    """
    start = 0
    if file.read(4) == b"ttcf":
        (start,) = struct.unpack(">I", _read(file, 12 + 4 * index, 4))
    (n_tables,) = struct.unpack(">H", _read(file, start + 4, 2))
    tables = _read(file, start + 12, 16 * n_tables)
    entries = {tag: (offset, length) for tag, _, offset, length in struct.iter_unpack(">4sIII", tables)}
    if b"cmap" not in entries:
        return frozenset()
    cmap = _read(file, *entries[b"cmap"])
    (n_subtables,) = struct.unpack_from(">H", cmap, 2)
    characters: set[int] = set()
    for platform, encoding, offset in struct.iter_unpack(">HHI", cmap[4 : 4 + 8 * n_subtables]):
        if (platform, encoding) not in ((3, 10), (3, 1), (0, 3), (0, 4), (0, 6)):  # the Unicode ones
            continue
        (table_format,) = struct.unpack_from(">H", cmap, offset)
        if table_format == 12:
            characters.update(_segments_12(cmap, offset))
        elif table_format == 4:
            characters.update(_segments_4(cmap, offset))
    return frozenset(characters)


def _segments_12(cmap: bytes, offset: int) -> Iterator[int]:
    (n_groups,) = struct.unpack_from(">I", cmap, offset + 12)
    for first, last, glyph in struct.iter_unpack(">III", cmap[offset + 16 : offset + 16 + 12 * n_groups]):
        yield from range(first + (glyph == 0), min(last, 0x10FFFF) + 1)


def _segments_4(cmap: bytes, offset: int) -> Iterator[int]:
    (doubled,) = struct.unpack_from(">H", cmap, offset + 6)
    count = doubled // 2
    ends = struct.unpack_from(f">{count}H", cmap, offset + 14)
    starts = struct.unpack_from(f">{count}H", cmap, offset + 16 + doubled)
    deltas = struct.unpack_from(f">{count}H", cmap, offset + 16 + 2 * doubled)
    table = offset + 16 + 3 * doubled
    ranges = struct.unpack_from(f">{count}H", cmap, table)
    for i, (first, last, delta, range_offset) in enumerate(zip(starts, ends, deltas, ranges, strict=True)):
        for code in range(first, last + 1):
            glyph = code
            if range_offset:  # counted in bytes from its own place in the table
                (glyph,) = struct.unpack_from(">H", cmap, table + 2 * i + range_offset + 2 * (code - first))
            # 0 is the empty box
            if (range_offset == 0 or glyph) and (glyph + delta) & 0xFFFF and code != 0xFFFF:
                yield code


def _read(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


def _candidates(text: str) -> Iterator[Font]:
    """All fonts of this machine, those first that fit a text, Pillow's own before anything that is merely there."""
    cjk = any(map(_is_cjk, text))
    preferred = CJK + LATIN if cjk else LATIN + CJK
    last = len(preferred)
    files: dict[int, list[Path]] = {}
    for path in _font_files():
        name = path.name.lower()
        rank = next((i for i, start in enumerate(preferred) if name.startswith(start)), last)
        styled = any(style in name for style in STYLES)
        files.setdefault(rank + (last + 1) * styled, []).append(path)
    for rank in range(2 * last + 2):
        if rank == last:
            yield Font(None)
        for path in files.get(rank, ()):
            yield from _faces(path, _region(text))


def set_font_folders(folders: Iterable[str | os.PathLike[str]] | None) -> None:
    """Look for fonts from now on in these folders only, and below them; None: where systems keep them, as at first."""
    global _chosen
    _chosen = None if folders is None else tuple(map(as_path, as_several(folders)))
    _font_files.cache_clear()


@functools.cache
def _font_files() -> list[Path]:
    """Every font file in the folders, in one order on each machine."""
    found = []
    for folder in _system_folders() if _chosen is None else _chosen:
        for parent, _, names in os.walk(folder):
            found += [Path(parent, name) for name in names if name.lower().endswith(SUFFIXES)]
    return sorted(found, key=lambda path: (path.name.lower(), str(path)))


def _system_folders() -> list[Path]:
    """Where Linux, macOS and Windows keep fonts."""
    home = Path.home()
    folders = [
        *(home / ".local/share/fonts", home / ".fonts"),
        *(Path("/usr/local/share/fonts"), Path("/usr/share/fonts"), Path("/run/host/fonts")),
        *(home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts")),
        Path("/System/Library/AssetsV2"),  # where macOS keeps PingFang
        *(home / "AppData/Local/Microsoft/Windows/Fonts", Path("C:/Windows/Fonts")),
    ]
    if matplotlib := importlib.util.find_spec("matplotlib"):  # brings DejaVu Sans; found without importing it
        folders += [Path(place, "mpl-data/fonts/ttf") for place in matplotlib.submodule_search_locations or ()]
    return folders


@functools.cache
def _faces(path: Path, region: str) -> list[Font]:
    """The faces of a file, the region's own first: the same characters, drawn as people there write them."""
    if not path.name.lower().endswith((".ttc", ".otc")):
        return [Font(path)]
    faces: list[tuple[bool, Font]] = []
    for index in range(MAX_FACES):
        try:
            family = ImageFont.truetype(path, 10, index).getname()[0] or ""
        except OSError:
            break
        faces.append((region not in family.split(), Font(path, index)))
    return [font for _, font in sorted(faces, key=lambda face: face[0])]


def _region(text: str) -> str:
    if any(0x3040 <= ord(character) <= 0x30FF for character in text):  # kana
        return "JP"
    return "KR" if any(0xAC00 <= ord(character) <= 0xD7A3 for character in text) else "TC"


@functools.cache
def _built_in(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow's wheels have FreeType"
    return font


def _is_visible(character: str) -> bool:
    """Whether it must have a glyph; spaces, controls, joiners and variation selectors need none."""
    return unicodedata.category(character)[0] not in "ZC" and not 0xFE00 <= ord(character) <= 0xFE0F


def _is_cjk(character: str) -> bool:
    """Whether it is Chinese, Japanese or Korean: a block that Latin fonts leave out."""
    code = ord(character)
    return 0x2E80 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7A3 or 0xF900 <= code <= 0xFAFF or code >= 0x20000

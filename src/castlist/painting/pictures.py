"""Pictures with names, or with faces hidden, as files; no two of them of one name."""

from __future__ import annotations

import io
import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from castlist.arguments import checked
from castlist.errors import CastlistError, PhotoError, reason_of
from castlist.files import write_bytes
from castlist.media import digest_of, marked_exif, original_of, profile_of, read_file, read_photo
from castlist.naming import NamedPhoto
from castlist.painting.hiding import hide_faces, is_hidden
from castlist.painting.labels import draw_names

LONGEST = 220  # bytes of a file's name before what tells it from others, as in "-0ad29bbb.explained.jpg"


@checked
def draw_photo(
    photo: NamedPhoto, path: str | os.PathLike[str], *, hidden: str | None = None, people: Sequence[str] = ()
) -> None:
    """Write the picture of a photo with names, or with faces hidden.

    Args:
        photo: The answers; for hiding, of a thorough look.
        path: As for `save_picture`.
        hidden: Whose faces are hidden, as for `is_hidden`; then no names are painted.
        people: As for `draw_names`.

    Raises:
        CastlistError: If the photo can't be read again, a name can't be drawn, or the file can't be written.
    """
    data = read_file(photo.path)
    pixels = read_photo(data)
    if hidden is None:
        pixels = draw_names(pixels, photo.faces, people)
    else:
        pixels = hide_faces(pixels, [face.box for face in photo.faces if face.box and is_hidden(face, hidden)])
    save_picture(pixels, path, original=data)


def save_picture(pixels: np.ndarray, path: str | os.PathLike[str], *, original: bytes = b"") -> None:
    """Save a picture as JPEG or PNG, by the path's ending; written beside and renamed.

    Args:
        pixels: Shape (height, width, 3), uint8, RGB.
        path: Ends in .jpg, .jpeg or .png; missing folders are made.
        original: The photo that it is a copy of, whose dates and colors it bears.

    Raises:
        CastlistError: If the ending is another one, or the file can't be written.
    """
    path = Path(path)
    formats = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
    if path.suffix.lower() not in formats:
        raise CastlistError(
            "picture-ending",
            "A picture must be saved as {endings}. Got {name!r} instead.",
            endings=", ".join(formats),
            name=path.name,
        )
    encoded = io.BytesIO()
    form, profile = formats[path.suffix.lower()], profile_of(original) if original else None
    Image.fromarray(pixels).save(encoded, form, quality=92, exif=marked_exif(original), icc_profile=profile)
    write_bytes(path, encoded.getvalue())


def free_place(path: Path, original: Path) -> Path:
    """Where a copy of a photo or film may be written: what is there stays, unless it is a copy of the same.

    Args:
        path: Where it is meant to be; ends in two endings, as in "group.named.jpg".
        original: What it is a copy of.

    Raises:
        PhotoError: If the original can't be read.
    """
    if not path.is_file():
        return path
    try:
        digest = digest_of(original)
    except OSError as error:
        raise PhotoError("photo-gone", "it can't be read again ({reason})", reason=reason_of(error)) from error
    name, kind, ending = path.name.rsplit(".", 2)
    return path if original_of(path) == digest else path.with_name(f"{name}-{digest[:8]}.{kind}.{ending}")


def tell_apart(paths: Sequence[Path], *, folders: int = 0) -> list[str]:
    """What to call pictures made of files, without an ending: as the file, as far as that tells it from the others.

    Files of one name get as many of the folders they lie in before it as it takes; files that differ only by their
    ending keep it. A name is cut where there would be no room for what comes behind it. No two names are the same, not
    even where capitals are small letters, too.

    Args:
        paths: Of n files, each once.
        folders: How many folders a name begins with even where it needs none.

    Returns:
        n names, in their order.
    """
    # Links aren't followed: a picture is called as the user calls the photo.
    whole = [Path(os.path.normpath(path.absolute())) for path in paths]
    stems = [_folded(path.stem) for path in whole]
    alike = Counter(zip((path.parent for path in whole), stems, strict=True))
    names = [path.name if alike[path.parent, stem] > 1 else path.stem for path, stem in zip(whole, stems, strict=True)]
    undecided, depth = list(range(len(whole))), folders
    while undecided:
        homes: defaultdict[tuple[str, ...], set[Path]] = defaultdict(set)
        for i in undecided:
            homes[*_last_folders(whole[i], depth), stems[i]].add(whole[i].parent)
        told = {i for i in undecided if len(homes[*_last_folders(whole[i], depth), stems[i]]) == 1}
        told |= {i for i in undecided if depth >= len(whole[i].parts)}
        for i in told:
            names[i] = "-".join([*_last_folders(whole[i], depth), names[i]])
        undecided, depth = [i for i in undecided if i not in told], depth + 1
    used: set[str] = set()
    for i in range(len(names)):  # "a-b/c" and "a/b-c" are still the same
        while len(os.fsencode(names[i])) > LONGEST:
            names[i] = names[i][:-1]
        name, number = names[i], 1
        while _folded(names[i]) in used:
            number += 1
            names[i] = f"{name}-{number}"
        used.add(_folded(names[i]))
    return names


def _last_folders(path: Path, depth: int) -> tuple[str, ...]:
    folders = path.parts[1:-1]
    return folders[max(len(folders) - depth, 0) :]


def _folded(name: str) -> str:
    """A name as a file system may see it that knows no case, and writes accents in its own way."""
    return unicodedata.normalize("NFKC", name).casefold()

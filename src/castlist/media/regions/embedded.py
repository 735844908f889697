"""XMP inside photos: read by Pillow, written by exiftool into a copy that takes the photo's place when it is sound."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import UnidentifiedImageError

from castlist.errors import CastlistError, MissingExtraError, PhotoError, reason_of
from castlist.files import cannot_write, flush_folder, make_private, part_of, share_as
from castlist.media import raw, tiff
from castlist.media.containers import HEIC_BRANDS, still_brand
from castlist.media.headers import open_header, orientation_of, picture_of, size_of, turns_itself
from castlist.media.limits import check_bytes
from castlist.media.orientation import turned
from castlist.media.regions.heif import without_empty_xmp
from castlist.media.regions.packet import EMPTY, Packet, is_empty

EXIFTOOL = "exiftool"
WRITABLE = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "HEIF", "AVIF")  # formats as Pillow calls them
PATIENCE = 600.0  # seconds for a few photos, however large
COPY = ".tagging.part"  # ends the name of a copy


@dataclass(frozen=True)
class Inside:
    """What a photo's file says of its picture."""

    size: tuple[int, int]  # of the stored picture
    orientation: int | None  # as EXIF counts
    packet: bytes | None  # of XMP, if there is one
    is_writable: bool  # whether exiftool may put XMP into it; never into a camera's raw file
    is_raw: bool = False

    @property
    def upright_size(self) -> tuple[int, int]:
        return turned(self.size, self.orientation)


def look_inside(path: Path) -> Inside:
    """Read a photo's header.

    Raises:
        PhotoError: If it can't be read.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise PhotoError("photo-no-file", "not a regular file")
        check_bytes(status.st_size)  # some are read whole
        with path.open("rb") as file:
            head = file.read(64)
            # Of a HEIC, too, more than the beginning tells how it is turned.
            if not (_is_held(head) or still_brand(head) in HEIC_BRANDS):
                file.seek(0)
                # What Pillow refuses may be mended: blank lines before a photo, a PNG's large texts.
                with contextlib.suppress(UnidentifiedImageError, ValueError, SyntaxError):
                    return _inside_plain(head, file)
                file.seek(0)
                head = b""
            return _inside_whole(head + file.read())
    except PhotoError:
        raise
    except UnidentifiedImageError:
        raise PhotoError("photo-format", "not a photo of a known format") from None
    except Exception as error:  # decoders of damaged files raise nearly anything
        if isinstance(error, OSError) and error.errno:
            raise PhotoError("photo-unopened", "can't be opened ({reason})", reason=reason_of(error)) from error
        raise PhotoError("photo-damaged", "damaged or cut short ({reason})", reason=reason_of(error)) from error


def _inside_plain(head: bytes, file: BinaryIO) -> Inside:
    """Of a file that Pillow reads as it is."""
    with open_header(head, file) as image:
        packet = image.info.get("xmp") or None
        # What JPG has no room for in one piece would be lost with the piece that points to it.
        is_writable = image.format in WRITABLE and b"HasExtendedXMP" not in (packet or b"")
        return Inside(size_of(image), orientation_of(image, None), packet, is_writable)


def _inside_whole(data: bytes) -> Inside:
    """Of all of a file; a TIFF's own XMP stands in its first page, whichever of its pictures is the photo."""
    picture = picture_of(data)
    with open_header(picture.data) as shown:
        turn = orientation_of(shown, picture.orientation)
        size = turned(shown.size, turn) if turns_itself(shown) else size_of(shown)
        packet = shown.info.get("xmp")
    is_plain, is_held = picture_of(data, anew=False).data is data, _is_held(data)
    if is_held:
        packet = None
        with (
            contextlib.suppress(UnidentifiedImageError),
            open_header(data) as image,
        ):  # no other program's XMP elsewhere
            packet = image.info.get("xmp")
    return Inside(size, turn, packet, is_plain, is_raw=is_held and not is_plain)


def _is_held(data: bytes) -> bool:
    """Whether a file holds its photo as one of several pictures, by its beginning."""
    return data.startswith(tiff.HEADERS) or raw.is_raw(data)


def need_exiftool() -> str:
    """The command that writes into photos.

    Raises:
        MissingExtraError: If it isn't installed.
    """
    command = shutil.which(EXIFTOOL)
    if command is None:
        raise MissingExtraError(
            "needs-exiftool",
            "Writing into photos needs exiftool, which is not installed: https://exiftool.org, on Debian and Ubuntu "
            "apt install libimage-exiftool-perl. Without --embed, names go into sidecars.",
        )
    return command


def need_writable(path: Path) -> None:
    """Make sure that a file may be written: whoever may write into its folder might replace it all the same.

    Raises:
        CastlistError: If not.
    """
    if not os.access(path, os.W_OK):
        raise cannot_write(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


@contextlib.contextmanager
def written(photos: Sequence[tuple[Path, bytes]]) -> Iterator[list[Path | CastlistError]]:
    """Copies of photos with packets in them, which are there as long as the block runs; see `take_place`.

    One exiftool writes them all and ends: one that waits for more to do would outlive a killed parent.

    Args:
        photos: Each with its packet.

    Yields:
        Of each photo the copy beside it, or why there is no sound one.

    Raises:
        MissingExtraError: If exiftool isn't installed.
    """
    command = need_exiftool()
    copies: list[Path | CastlistError] = []
    with contextlib.ExitStack() as stack:
        arguments: list[bytes] = []
        for photo, packet in photos:
            try:
                copy = stack.enter_context(_copied(photo, packet))
            except OSError as error:
                copies.append(cannot_write(photo, error))
            except CastlistError as error:
                copies.append(error)
            else:
                copies.append(copy)
                # What says nothing goes: before castlist's names came, nothing was there.
                block = "-XMP:all=" if is_empty(packet) else f"-XMP<={_packet_of(copy)}"
                words: tuple[str | Path, ...] = ("-overwrite_original", block, copy, "-execute")
                arguments += map(os.fsencode, words)
        said = _run(command, b"\n".join(arguments) + b"\n")
        # Before any photo is replaced: what a kill leaves then lies beside photos to which the same work comes again.
        for one in copies:
            if isinstance(one, Path):
                _packet_of(one).unlink(missing_ok=True)
        yield [
            copy if isinstance(copy, CastlistError) else _sound(photo, copy, packet, said)
            for copy, (photo, packet) in zip(copies, photos, strict=True)
        ]


def _run(command: str, arguments: bytes) -> bytes | None:
    """What exiftool says of its work; None if it was ended before it was done, or had to be."""
    try:
        # Without its own configuration file, which is code.
        done = subprocess.run(
            [command, "-config", "", "-@", "-"],
            input=arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode >= 0 else None


@contextlib.contextmanager
def _copied(photo: Path, packet: bytes) -> Iterator[Path]:
    """A copy of a photo beside it, and beside that the packet."""
    if b"\n" in os.fsencode(photo.absolute()) or b"\r" in os.fsencode(photo.absolute()):
        raise PhotoError("photo-odd-name", "a name with a line break, which exiftool can't be told")
    part = part_of(photo.absolute())
    copy = part.with_name(part.name.removesuffix(".part") + COPY)
    try:
        need_writable(photo)
        shutil.copyfile(photo, copy)
        share_as(copy, photo, stat.S_IMODE(photo.stat().st_mode))
        with _packet_of(copy).open("xb") as file:
            make_private(_packet_of(copy))
            file.write(packet)
        yield copy
    finally:
        for path in (copy, _packet_of(copy), copy.with_name(copy.name + "_exiftool_tmp")):
            path.unlink(missing_ok=True)


def _packet_of(copy: Path) -> Path:
    return copy.with_name(copy.name + ".xmp")


def remove_copies(folder: Path) -> None:
    """Remove the copies that killed processes left in a folder; whoever calls it is alone there."""
    for path in folder.glob(f".*{COPY}*"):
        path.unlink(missing_ok=True)


def _sound(photo: Path, copy: Path, packet: bytes, said: bytes | None) -> Path | CastlistError:
    """A copy, if it is the photo with the packet in it; else what exiftool said of it."""
    if said is None:  # the header of half a photo may be whole
        return PhotoError("exiftool-ended", "exiftool was ended before it had written it: try again")
    try:
        if is_empty(packet) and (data := copy.read_bytes()) != (cleared := without_empty_xmp(data)):
            copy.write_bytes(cleared)
        before, after = look_inside(photo), look_inside(copy)
        is_same = (before.size, before.orientation) == (after.size, after.orientation)
        if is_same and _says(after.packet or EMPTY) == _says(packet):
            return copy
    except OSError as error:
        return cannot_write(photo, error)
    except CastlistError:
        pass
    lines = said.decode("utf-8", "replace").splitlines()
    about = [line.partition(" - ")[0] for line in lines if copy.name in line]
    reason = (about or lines or ["?"])[0]  # of a program that fails before any photo, whatever it says
    return PhotoError("exiftool-refuses", "exiftool can't write into it ({reason})", reason=reason)


def take_place(copy: Path, photo: Path, on_ready: Callable[[], None]) -> None:
    """Have a sound copy be the photo from now on.

    Args:
        copy: Beside the photo.
        photo: What it takes the place of.
        on_ready: Called in the last moment before; what it raises, keeps the copy from that.

    Raises:
        CastlistError: If it can't be written; the photo is intact.
    """
    try:
        with copy.open("rb+") as file:
            os.fsync(file.fileno())
        on_ready()
        copy.replace(photo)
        flush_folder(photo.parent)
    except OSError as error:
        raise cannot_write(photo, error) from error


def _says(packet: bytes) -> list[tuple[str, str]]:
    """What a packet says, whatever padding stands around it."""
    return [(one.name, one.text.strip()) for one in Packet(packet).rdf.walk()]

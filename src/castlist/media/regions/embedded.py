"""XMP inside photos: read by Pillow, written by exiftool into a copy that takes the photo's place when it is sound."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from PIL import UnidentifiedImageError

from castlist.errors import CastlistError, MissingExtraError, PhotoError, reason_of
from castlist.files import cannot_write, flush_folder, part_of
from castlist.media import tiff
from castlist.media.headers import open_header, orientation_of, picture_of
from castlist.media.orientation import turned
from castlist.media.regions.packet import Packet

EXIFTOOL = "exiftool"
WRITABLE = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "HEIF", "AVIF")  # formats as Pillow calls them
_READY = b"{ready}"


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
        if not stat.S_ISREG(path.stat().st_mode):
            raise PhotoError("photo-no-file", "not a regular file")
        with path.open("rb") as file:
            head = file.read(64)
            if head.startswith(tiff.HEADERS):
                return _inside_tiff(head + file.read())
            file.seek(0)
            with open_header(head, file) as image:
                packet = image.info.get("xmp") or None
                # What JPG has no room for in one piece would be lost with the piece that points to it.
                is_writable = image.format in WRITABLE and b"HasExtendedXMP" not in (packet or b"")
                return Inside(image.size, orientation_of(image, None), packet, is_writable)
    except PhotoError:
        raise
    except UnidentifiedImageError:
        raise PhotoError("photo-format", "not a photo of a known format") from None
    except Exception as error:  # decoders of damaged files raise nearly anything
        if isinstance(error, OSError) and error.errno:
            raise PhotoError("photo-unopened", "can't be opened ({reason})", reason=reason_of(error)) from error
        raise PhotoError("photo-damaged", "damaged or cut short ({reason})", reason=reason_of(error)) from error


def _inside_tiff(data: bytes) -> Inside:
    """A TIFF's own XMP stands in its first page, whichever of its pictures is the photo."""
    picture = picture_of(data)
    with open_header(data) as image, open_header(picture.data) as shown:
        is_plain = picture.data is data
        turn = orientation_of(shown, picture.orientation)
        return Inside(shown.size, turn, image.info.get("xmp"), is_plain, is_raw=not is_plain)


class Exiftool:
    """A running exiftool, which writes packets into photos."""

    def __init__(self) -> None:
        """Start it.

        Raises:
            MissingExtraError: If it isn't installed.
        """
        command = shutil.which(EXIFTOOL)
        if command is None:
            raise MissingExtraError(
                "needs-exiftool",
                "Writing into photos needs exiftool, which is not installed: https://exiftool.org, on Debian and "
                "Ubuntu apt install libimage-exiftool-perl. Without --embed, names go into sidecars.",
            )
        # Without its own configuration file, which is code.
        self._process = subprocess.Popen(
            [command, "-config", "", "-stay_open", "True", "-@", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> Exiftool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._tell("-stay_open", "False")
        if self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    @contextlib.contextmanager
    def written(self, photo: Path, packet: bytes) -> Iterator[Path]:
        """A copy of a photo with a packet in it, which is there as long as the block runs; see `take_place`.

        Raises:
            CastlistError: If it can't be written, or isn't sound.
        """
        if b"\n" in os.fsencode(photo) or b"\r" in os.fsencode(photo):
            raise PhotoError("photo-odd-name", "a name with a line break, which exiftool can't be told")
        part = part_of(photo.absolute())
        # With the photo's own ending, by which exiftool knows what to write.
        copy = part.with_name(part.name.removesuffix(".part") + photo.suffix + ".part")
        handle, name = tempfile.mkstemp(suffix=".xmp")
        try:
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(packet)
                shutil.copyfile(photo, copy)
                copy.chmod(stat.S_IMODE(photo.stat().st_mode))
            except OSError as error:
                raise cannot_write(photo, error) from error
            said = self._ask("-overwrite_original_in_place", f"-XMP<={name}", str(copy))
            self._need_sound(photo, copy, packet, said)
            yield copy
        finally:
            for path in (Path(name), copy, copy.with_name(copy.name + "_exiftool_tmp")):
                path.unlink(missing_ok=True)

    def _need_sound(self, photo: Path, copy: Path, packet: bytes, said: str) -> None:
        try:
            before, after = look_inside(photo), look_inside(copy)
            is_sound = (before.size, before.orientation) == (after.size, after.orientation)
            is_sound &= _spans(after.packet or b"") == _spans(packet)
        except CastlistError:
            is_sound = False
        if not is_sound:
            raise PhotoError(
                "exiftool-refuses", "exiftool can't write into it ({reason})", reason=said or "no reason told"
            )

    def _ask(self, *arguments: str) -> str:
        """Have something done; gives what exiftool says of it."""
        assert self._process.stdout is not None, "it was started with a pipe"
        lines: list[bytes] = []
        try:
            self._tell(*arguments, "-execute")
            for line in self._process.stdout:
                if line.strip() == _READY:
                    return b" ".join(lines).decode("utf-8", "replace")[:200]
                lines.append(line.strip())
        except OSError:
            pass
        raise CastlistError("exiftool-ended", "exiftool has ended by itself. Try again.")

    def _tell(self, *arguments: str) -> None:
        assert self._process.stdin is not None, "it was started with a pipe"
        self._process.stdin.write(b"".join(os.fsencode(one) + b"\n" for one in arguments))
        self._process.stdin.flush()


def take_place(copy: Path, photo: Path) -> None:
    """Have a sound copy be the photo from now on.

    Raises:
        CastlistError: If it can't be written; the photo is intact.
    """
    try:
        with copy.open("rb+") as file:
            os.fsync(file.fileno())
        copy.replace(photo)
        flush_folder(photo.parent)
    except OSError as error:
        raise cannot_write(photo, error) from error


def _spans(packet: bytes) -> list[tuple[str, str]]:
    """What a packet says, whatever padding stands around it."""
    return [(one.name, one.text.strip()) for one in Packet(packet).rdf.walk()]

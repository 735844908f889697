"""Films as frames: reading any format that OpenCV's FFmpeg decodes, and writing MP4."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from castlist.errors import CastlistError, PhotoError, reason_of
from castlist.media.photos import MAX_PIXELS, read_photo, too_large

logger = logging.getLogger(__name__)

CODECS = ("avc1", "mp4v")  # H.264 plays everywhere, but many builds of OpenCV can't write it
DEFAULT_RATE = 25.0  # frames per second of a film that doesn't say
STILL_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"crx ")  # photos in the container of MP4
SIGNATURES = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
    b"FLV\x01",
    b"0&\xb2u\x8ef\xcf\x11",  # ASF, WMV
    b"OggS",
)


def is_film(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a film by its content; a file that can't be opened is none."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(400)
    except (OSError, ValueError):  # of a name with a zero byte
        return False
    if head[4:8] == b"ftyp":
        return head[8:12] not in STILL_BRANDS
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):  # QuickTime before MP4
        return True
    if head[:4] == b"RIFF":
        return head[8:12] == b"AVI "
    if head[:1] == b"G":  # MPEG transport stream: packets of 188 bytes, on camcorders of 192
        return head[188:189] == b"G" and head[376:377] == b"G"
    return (head[4:5] == b"G" and head[196:197] == b"G") or head.startswith(SIGNATURES)


@dataclass(frozen=True)
class Frame:
    """One picture of a film."""

    index: int
    seconds: float  # when it is shown, from the film's start
    pixels: np.ndarray  # (height, width, 3), uint8, RGB, upright


@dataclass(frozen=True)
class Film:
    """A film file that can be read, any number of times."""

    path: Path
    rate: float  # frames per second, on average
    n_frames: int  # as the file says, often an estimate; 0: it doesn't say

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Film:
        """Read what a film says of itself.

        Raises:
            PhotoError: If it can't be read as a film; the message is the reason, without the path.
        """
        path = Path(path)
        capture = _open(path)
        try:
            rate, n_frames = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
        finally:
            capture.release()
        return cls(path, rate if 1 <= rate <= 1000 else DEFAULT_RATE, max(round(n_frames), 0))

    def frames(self) -> Iterator[Frame]:
        """Decode frame after frame, as far as the file is intact; one frame is in memory at a time.

        Films of phones are turned upright, as their players do.
        """
        capture = _open(self.path)
        index, seconds = 0, 0.0
        try:
            while True:
                found, pixels = capture.read()
                if not found:
                    return
                shown = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                # Of containers without times every frame says zero.
                seconds = shown if shown > seconds or not index else index / self.rate
                yield Frame(index, seconds, cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
                index += 1
        finally:
            capture.release()


def frame_file(film: str, index: int) -> str:
    """What a frame of a film is called among files; `read_still` finds it again."""
    return f"{film}#{index}"


def read_still(path: Path) -> np.ndarray:
    """Read a photo, or a frame that is called as `frame_file` calls it.

    Returns:
        Shape (height, width, 3), uint8, RGB.

    Raises:
        PhotoError: If it can't be read; the message is the reason, without the path.
    """
    film, hash_, index = path.name.rpartition("#")
    if not hash_ or not index.isdecimal() or path.exists():
        return read_photo(path)
    for frame in Film.open(path.with_name(film)).frames():
        if frame.index == int(index):
            return frame.pixels
    raise PhotoError("film-no-frame", "a frame beyond the film's end")


class FilmWriter:
    """Writes an MP4 film without sound, beside its path, and renames it when it is whole.

    Sound is lost since OpenCV neither reads nor writes it. FFmpeg can lay the old film's sound under the new one:
    `ffmpeg -i new.mp4 -i old.mp4 -map 0:v -map 1:a? -c copy both.mp4`.
    """

    def __init__(self, path: Path, rate: float, size: tuple[int, int]) -> None:
        """Begin a film.

        Args:
            path: Ends in .mp4; missing folders are made.
            rate: Frames per second.
            size: Width and height in pixels; an odd last column or row is cut off.

        Raises:
            CastlistError: If the file can't be written.
        """
        if path.suffix.lower() != ".mp4":
            raise CastlistError("film-ending", "A film must be saved as .mp4. Got {name!r} instead.", name=path.name)
        self._path = path
        self._beside = path.with_name(f"{path.stem}.{os.getpid()}.part.mp4")  # the writer goes by the ending
        self._n_frames = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._beside.touch()  # for the reason: OpenCV tells none
        except OSError as error:
            raise self._refused(error) from error
        with silence_opencv():
            for codec in CODECS:
                self._writer = cv2.VideoWriter(str(self._beside), cv2.VideoWriter.fourcc(*codec), rate, size)
                if self._writer.isOpened():
                    return
        self._beside.unlink(missing_ok=True)
        raise CastlistError(
            "film-no-codec",
            "{path!r} can't be written: this OpenCV writes neither of {codecs}.",
            path=str(path),
            codecs=", ".join(CODECS),
        )

    def write(self, pixels: np.ndarray) -> None:
        """Add a frame: shape (height, width, 3), uint8, RGB."""
        self._writer.write(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        self._n_frames += 1

    def __enter__(self) -> FilmWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.release()
        try:
            if kind is None:
                self._finish()
        finally:
            with contextlib.suppress(OSError):
                self._beside.unlink(missing_ok=True)

    def _finish(self) -> None:
        # OpenCV says nothing of a full disk: the file itself must tell.
        try:
            written = Film.open(self._beside).n_frames
        except PhotoError:
            written = 0
        if written < self._n_frames:
            raise CastlistError(
                "film-not-whole",
                "{path!r} can't be written whole. Free some space or choose another place.",
                path=str(self._path),
            )
        try:
            self._beside.replace(self._path)
        except OSError as error:
            raise self._refused(error) from error
        logger.debug("Wrote %d frames to %s", self._n_frames, self._path)

    def _refused(self, error: OSError) -> CastlistError:
        return CastlistError(
            "film-unwritten", "{path!r} can't be written ({reason}).", path=str(self._path), reason=reason_of(error)
        )


def _open(path: Path) -> cv2.VideoCapture:
    # By content first: FFmpeg also follows playlists, which lead anywhere.
    if not is_film(path):
        raise PhotoError("film-format", "not a film of a known format")
    with silence_opencv():
        # The absolute path: FFmpeg would take a name with a colon for an address.
        capture = cv2.VideoCapture(str(path.resolve()), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise PhotoError("film-damaged", "a film that is damaged, cut short, or of a kind that OpenCV can't read")
    width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if width * height > MAX_PIXELS:
        raise too_large(width, height)
    return capture


_silence_lock = threading.Lock()
_silent = 0  # who wants silence at this moment
_level = 0  # to be set again when nobody does


@contextlib.contextmanager
def silence_opencv() -> Iterator[None]:
    """Keep OpenCV and its FFmpeg from writing to stderr what is raised as an error.

    The level is one for the whole process: the first thread to come stores it, and the last to leave sets it again.
    """
    global _silent, _level
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # read once, with the first film of the process
    with _silence_lock:
        if not _silent:
            _level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        _silent += 1
    try:
        yield
    finally:
        with _silence_lock:
            _silent -= 1
            if not _silent:
                cv2.utils.logging.setLogLevel(_level)

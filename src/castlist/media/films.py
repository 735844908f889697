"""Films as frames: upright, with square pixels, each at its time, by PyAV's FFmpeg."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from castlist.arguments import checked
from castlist.errors import PhotoError, needs_extra
from castlist.media.containers import still_brand
from castlist.media.limits import MAX_PIXELS, check_pixels
from castlist.media.photos import read_photo

logger = logging.getLogger(__name__)

HEAD = 400  # bytes that tell a film from a photo
DEFAULT_RATE = 25.0  # frames per second of a film that doesn't say
CANON_RAW = b"crx "  # a photo in the container of MP4
SIGNATURES = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
    b"FLV\x01",
    b"0&\xb2u\x8ef\xcf\x11",  # ASF, WMV
    b"OggS",
)
CONTAINERS = "mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg"  # FFmpeg's names; no playlists, which lead anywhere
WIDEST_PIXEL = 4  # times its height, or the other way round; beyond, a file is wrong about it

_reformatters = threading.local()


@checked
def is_film(source: str | os.PathLike[str] | bytes) -> bool:
    """Whether a file is a film by its content, or by its first bytes; a file that can't be opened is none."""
    return _begins_film(source if isinstance(source, bytes) else _head(source))


def _head(path: str | os.PathLike[str]) -> bytes:
    try:
        if not Path(path).is_file():  # a pipe would be waited for
            return b""
        with Path(path).open("rb") as file:
            return file.read(HEAD)
    except (OSError, ValueError):  # of a name with a zero byte
        return b""


def _begins_film(head: bytes) -> bool:
    if head[4:8] == b"ftyp":
        return head[8:12] != CANON_RAW and still_brand(head) is None
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):  # QuickTime before MP4
        return True
    if head[:4] == b"RIFF":
        return head[8:12] == b"AVI "
    if head[:1] == b"G":  # MPEG transport stream: packets of 188 bytes, on camcorders of 192
        return head[188:189] == b"G" and head[376:377] == b"G"
    return (head[4:5] == b"G" and head[196:197] == b"G") or head.startswith(SIGNATURES)


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a film."""

    index: int
    seconds: float  # when it is shown, from the first on
    ticks: int  # the same as its file counts, in units of `Film.tick`
    picture: Any  # PyAV's, as it was decoded: pixels of any shape, not turned
    size: tuple[int, int]  # width and height in square pixels, before it is turned
    turns: int  # quarters, counterclockwise

    @functools.cached_property
    def pixels(self) -> np.ndarray:
        """The picture as it is shown: (height, width, 3), uint8, RGB; made when it is first asked for."""
        width, height = self.size
        pixels = reformat(self.picture, width=width, height=height, format="rgb24").to_ndarray()
        return np.ascontiguousarray(np.rot90(pixels, self.turns)) if self.turns else pixels

    def thumbnail(self, width: int, height: int) -> np.ndarray:
        """All of it, small, as it was stored: (height, width), uint8, grey."""
        return reformat(self.picture, width=width, height=height, format="gray", interpolation="AREA").to_ndarray()


@dataclass(frozen=True)
class Film:
    """A film file that can be read, any number of times."""

    path: Path
    rate: float  # frames per second, on average; they may come unevenly
    n_frames: int  # as the file says, often an estimate; 0: it doesn't say
    tick: Fraction  # seconds; what its times are counted in
    size: tuple[int, int]  # width and height as it is shown: upright, with square pixels
    end: float = 0.0  # seconds of its own clock, of a film that tells its length and not its frames; 0: of another

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Film:
        """Read what a film says of itself.

        Raises:
            PhotoError: If it can't be read as a film; the message is the reason, without the path.
            MissingExtraError: If what reads films isn't installed.
        """
        path = Path(path)
        with open_container(path) as (container, stream):
            rate = float(stream.average_rate or stream.guessed_rate or 0)
            rate = rate if 0.001 <= rate <= 1000 else DEFAULT_RATE
            end = (container.duration or 0) / 1_000_000
            # Matroska tells when a film ends, others how long it is; it may begin at any time.
            begin = (container.start_time or 0) / 1_000_000 if "matroska" in container.format.name else 0.0
            size = max(round(stream.width * _stretch(stream)), 1), stream.height
            turns = _turns(next(_decoded(container, stream), None))  # said of each frame
            return cls(
                path,
                rate,
                stream.frames or max(round((end - begin) * rate), 0),
                stream.time_base or Fraction(1, 90_000),
                size[::-1] if turns % 2 else size,
                0.0 if stream.frames else end,
            )

    def frames(self, *, start: float = 0.0) -> Iterator[Frame]:
        """Decode frame after frame, as far as the file is intact; only a few are in memory at a time.

        Films of phones are turned upright and pixels that aren't square are stretched, as players do it. Times only
        ever rise; a frame that has none follows the one before.

        Args:
            start: Seconds; much of what is shown before is leapt over, and its frames aren't counted.
        """
        usual = max(round(1 / (self.rate * self.tick)), 1)
        first = ticks = 0
        with open_container(self.path) as (container, stream):
            for index, picture in enumerate(_decoded(container, stream)):
                told = picture.pts
                if not index:
                    first = ticks = told or 0  # sound may begin earlier
                else:
                    ticks = told if told is not None and told > ticks else ticks + usual
                turns = _turns(picture)
                # A film may change the size of its pictures; all are shown in that of the first.
                size = self.size[::-1] if turns % 2 else self.size
                yield Frame(index, float((ticks - first) * self.tick), ticks, picture, size, turns)
                if start and not index:
                    container.seek(first + round(start / self.tick), stream=stream)
                    ticks = first - 1  # it may lead back to the first one


@contextlib.contextmanager
def open_container(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open a film: PyAV's container, and its pictures' stream.

    Raises:
        PhotoError: If it can't be read as a film.
        MissingExtraError: If PyAV isn't installed.
    """
    # By content first: FFmpeg also reads lists of files and what not.
    if not is_film(path):
        raise PhotoError("film-format", "not a film of a known format")
    av = load_av()
    try:
        # The absolute path, and files alone: FFmpeg would take a name with a colon for an address.
        options = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
        container = av.open(str(path.resolve()), container_options=options, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError) as error:
        raise PhotoError(
            "film-damaged", "a film that is damaged, cut short, or of a kind that can't be read"
        ) from error
    with container:
        stream = container.streams.best("video")
        if stream is None or stream.disposition & av.stream.Disposition.attached_pic:  # a record's cover
            raise PhotoError("film-without-pictures", "a file of sound, without a film's pictures")
        width, height = stream.width * _stretch(stream), stream.height
        check_pixels(width, height)
        if not width * height:
            raise PhotoError("film-damaged", "a film that is damaged, cut short, or of a kind that can't be read")
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}  # also of what the frames say themselves
        stream.thread_type = "AUTO"
        yield container, stream


def load_av() -> Any:
    """PyAV, silent: what FFmpeg complains of is raised as an error, or harmless."""
    with needs_extra("films", "Reading and writing films"):
        import av  # late: 70 MB of libraries
        import av.error
        import av.logging
    av.logging.set_libav_level(av.logging.PANIC)
    return av


def reformat(picture: Any, **form: Any) -> Any:
    """A PyAV picture in another form; each thread keeps what prepares that."""
    if not hasattr(_reformatters, "one"):
        from av.video.reformatter import VideoReformatter

        _reformatters.one = VideoReformatter()
    return _reformatters.one.reformat(picture, threads=1, **form)


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """PyAV's pictures, as far as the file goes; what is damaged in between is left out."""
    av = load_av()
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, OSError) as error:
            logger.debug("The film can't be read on: %s", error)
            return
        if packet is None:
            return
        try:
            pictures = packet.decode()
        except av.error.FFmpegError as error:
            logger.debug("A part of the film can't be decoded: %s", error)
            continue
        yield from pictures


def _stretch(stream: Any) -> float:
    """How much wider than high a pixel is."""
    ratio = float(stream.sample_aspect_ratio or 1)
    return ratio if 1 / WIDEST_PIXEL <= ratio <= WIDEST_PIXEL else 1.0


def _turns(picture: Any) -> int:
    return 0 if picture is None else round(picture.rotation / 90) % 4


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

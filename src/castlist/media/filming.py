"""Films written as MP4: each frame at its time, with the sound of the film that they were made from."""

from __future__ import annotations

import contextlib
import functools
import logging
import math
import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from PIL import ImageColor

from castlist.errors import CastlistError
from castlist.files import cannot_write, flush_folder, make_folder, part_of
from castlist.media.films import Film, Frame, load_av, reformat
from castlist.media.marks import mark_film
from castlist.media.sound import Sound

logger = logging.getLogger(__name__)

CODEC = "libx264"  # H.264 plays everywhere
OPTIONS = {"preset": "ultrafast", "crf": "20"}  # files twice as large as by "veryfast", in a fifth of the time
PIXELS, LIMITED, UNTOLD = "yuv420p", 1, 2  # FFmpeg's format, range of values, and colors that aren't told
FINEST = 90_000  # parts of a second that times are told in, of a film made from none


class Canvas:
    """A frame in the colors of films: brightness, and at half the size what is blue and what is red."""

    def __init__(self, picture: Any) -> None:
        self.picture = picture  # PyAV's

    def planes(self) -> list[tuple[np.ndarray, int]]:
        """What is painted on: (height, width), uint8, each, and how many pixels' sides one of its sides is."""
        self.picture.make_writable()
        planes, scales = self.picture.planes, (1, 2, 2)
        return [
            (np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width], scale)
            for plane, scale in zip(planes, scales, strict=True)
        ]

    def values(self, color: str) -> tuple[int, int, int]:
        """What a color, "#rrggbb", is on each plane."""
        return _values(color, self.picture.colorspace)


class FilmWriter:
    """Writes an MP4 film beside its path, and renames it when it is whole."""

    def __init__(self, path: Path, rate: float, size: tuple[int, int], *, source: Film | None = None) -> None:
        """Begin a film.

        Args:
            path: Ends in .mp4; missing folders are made.
            rate: Frames per second; of frames of `source` their own times hold.
            size: Width and height in pixels; an odd last column or row is cut off.
            source: The film that the frames are of: its times, its colors and its sound are kept.

        Raises:
            CastlistError: If the file can't be written.
            MissingExtraError: If what writes films isn't installed.
        """
        if path.suffix.lower() != ".mp4":
            raise CastlistError("film-ending", "A film must be saved as .mp4. Got {name!r} instead.", name=path.name)
        self._av = load_av()
        self._path, self._part = path, part_of(path)
        self._size = max(size[0] // 2 * 2, 2), max(size[1] // 2 * 2, 2)  # its colors come in squares of four pixels
        self._tick = source.tick if source else Fraction(1, FINEST)
        self._rate = rate
        self._original = source.path if source else None
        self._n_frames = 0
        self._out: Any = None
        self._sound: Sound | None = None
        if CODEC not in self._av.codecs_available:
            raise CastlistError("film-no-codec", "This PyAV can't write films: it lacks {codec}.", codec=CODEC)
        try:
            make_folder(path.parent)
            # Else a film whose sound begins first would begin at a whole thousandth of a second.
            scale = {"movie_timescale": str(self._tick.denominator * math.ceil(FINEST / self._tick.denominator))}
            self._out = self._av.open(str(self._part), "w", format="mp4", options=scale)
            self._stream = self._begin()
            self._sound = Sound(source.path, self._out) if source else None
        except BaseException as error:
            self._drop()
            if isinstance(error, (self._av.error.FFmpegError, OSError)):
                raise cannot_write(path, _as_system_error(error)) from error
            raise

    def prepare(self, frame: Frame) -> Canvas:
        """A frame of the source as it is encoded, to be painted on; may be called by several threads at once."""
        if frame.turns or frame.size != (frame.picture.width, frame.picture.height) or frame.size != self._size:
            return Canvas(self._encodable(frame.pixels, frame.picture.colorspace))
        # Turning a frame into RGB and back would take longer than encoding it.
        return Canvas(reformat(frame.picture, format=PIXELS, dst_color_range=LIMITED))

    def _encodable(self, pixels: np.ndarray, colorspace: int) -> Any:
        width, height = min(pixels.shape[1], self._size[0]), min(pixels.shape[0], self._size[1])
        return _to_film(pixels[:height, :width], colorspace)

    def add(self, canvas: Canvas, frame: Frame | None = None) -> None:
        """Add a frame, later than those before.

        Raises:
            CastlistError: If it can't be written.
        """
        context, prepared = self._stream.codec_context, canvas.picture
        if frame is not None and not self._n_frames:  # what the numbers of colors mean, as the source says it
            for name in ("colorspace", "color_primaries", "color_trc"):
                setattr(context, name, getattr(frame.picture, name))
        prepared.pts = frame.ticks if frame else round(self._n_frames / self._rate / self._tick)
        prepared.time_base = self._tick
        prepared.pict_type = 0  # the encoder's choice, not that of the source
        prepared.duration = frame.picture.duration or 0 if frame else 0
        try:
            self._out.mux(self._stream.encode(prepared))
            if self._sound:
                self._sound.bring(prepared.pts * self._tick)
        except self._av.error.FFmpegError as error:
            raise cannot_write(self._path, _as_system_error(error)) from error
        self._n_frames += 1

    def write(self, pixels: np.ndarray) -> None:
        """Add a frame: shape (height, width, 3), uint8, RGB."""
        self.add(Canvas(self._encodable(pixels, UNTOLD)))

    def __enter__(self) -> FilmWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._drop()

    def _begin(self) -> Any:
        stream = self._out.add_stream(CODEC, rate=Fraction(self._rate).limit_denominator(1001))
        stream.width, stream.height = self._size
        stream.pix_fmt = PIXELS
        stream.options = dict(OPTIONS)
        stream.time_base = stream.codec_context.time_base = self._tick
        return stream

    def _finish(self) -> None:
        try:
            self._out.mux(self._stream.encode(None))
            if self._sound:
                self._sound.bring(None)
            self._out.close()
            mark_film(self._part, self._original)
            with self._part.open("rb+") as file:
                os.fsync(file.fileno())
            self._part.replace(self._path)
            flush_folder(self._path.parent)
        except (self._av.error.FFmpegError, OSError) as error:
            raise cannot_write(self._path, _as_system_error(error)) from error
        logger.debug("Wrote %d frames to %s", self._n_frames, self._path)

    def _drop(self) -> None:
        """Leave nothing beside the film."""
        if self._sound:
            self._sound.close()
        if self._out:
            with contextlib.suppress(self._av.error.FFmpegError, OSError):  # of a film that isn't whole, as was told
                self._out.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)


def _to_film(pixels: np.ndarray, colorspace: int) -> Any:
    """RGB as PyAV's picture in the colors of films; sides must be even."""
    picture = load_av().VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    return reformat(picture, format=PIXELS, dst_colorspace=colorspace, dst_color_range=LIMITED)


@functools.lru_cache(maxsize=64)
def _values(color: str, colorspace: int) -> tuple[int, int, int]:
    square = Canvas(_to_film(np.full((2, 2, 3), ImageColor.getrgb(color), np.uint8), colorspace))
    y, u, v = (int(plane[0, 0]) for plane, _ in square.planes())
    return y, u, v


def _as_system_error(error: Exception) -> OSError:
    return error if isinstance(error, OSError) else OSError(getattr(error, "errno", 0), str(error))

"""Films written as MP4: each frame at its time, with the sound of the film that they were made from."""

from __future__ import annotations

import contextlib
import logging
import math
import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

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

Part = tuple[int, int, int, int]  # left, top, right, bottom, in pixels


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

    def prepare(self, frame: Frame, pixels: np.ndarray | None, parts: Sequence[Part] = ()) -> Any:
        """A frame of the source as it is encoded; may be called by several threads at once.

        Args:
            frame: For its time, its colors, and what isn't changed.
            pixels: What it shows, (height, width, 3), uint8, RGB; None: as it is.
            parts: Where the pixels aren't the frame's; only there they are looked at.
        """
        if frame.turns or frame.size != (frame.picture.width, frame.picture.height) or frame.size != self._size:
            return self._encodable(frame.pixels if pixels is None else pixels, frame.picture.colorspace)
        # Most of a frame is as it was: turning all of it into RGB and back would take longer than encoding it.
        whole = reformat(frame.picture, format=PIXELS, dst_color_range=LIMITED)
        if pixels is not None:
            whole.make_writable()
            for part in parts:
                self._put(whole, pixels, part)
        return whole

    def _put(self, whole: Any, pixels: np.ndarray, part: Part) -> None:
        """Put a part of the pixels into an encodable frame."""
        (left, top), (right, bottom) = (max(side // 2 * 2, 0) for side in part[:2]), part[2:]
        right, bottom = min((right + 1) // 2 * 2, self._size[0]), min((bottom + 1) // 2 * 2, self._size[1])
        if right <= left or bottom <= top:
            return
        changed = self._encodable(pixels[top:bottom, left:right], whole.colorspace)
        for of_whole, of_part, scale in zip(whole.planes, changed.planes, (1, 2, 2), strict=True):
            rows, columns = (bottom - top) // scale, (right - left) // scale
            target = np.frombuffer(of_whole, np.uint8).reshape(-1, of_whole.line_size)
            source = np.frombuffer(of_part, np.uint8).reshape(-1, of_part.line_size)
            target[top // scale :, left // scale :][:rows, :columns] = source[:rows, :columns]

    def _encodable(self, pixels: np.ndarray, colorspace: int) -> Any:
        width, height = min(pixels.shape[1], self._size[0]), min(pixels.shape[0], self._size[1])
        shown = np.ascontiguousarray(pixels[:height, :width])
        picture = self._av.VideoFrame.from_ndarray(shown, format="rgb24")
        return reformat(picture, format=PIXELS, dst_colorspace=colorspace, dst_color_range=LIMITED)

    def add(self, prepared: Any, frame: Frame | None = None) -> None:
        """Add a prepared frame, later than those before.

        Raises:
            CastlistError: If it can't be written.
        """
        context = self._stream.codec_context
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
        self.add(self._encodable(pixels, UNTOLD))

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


def _as_system_error(error: Exception) -> OSError:
    return error if isinstance(error, OSError) else OSError(getattr(error, "errno", 0), str(error))

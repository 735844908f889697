"""The sound of a film, put beside the pictures of a copy as these come."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from castlist.media.films import load_av, open_container

logger = logging.getLogger(__name__)

CODEC = "aac"  # of sound that MP4 can't hold as it is


class Sound:
    """All sound of a film, as it is; what the copy can't hold so is encoded anew."""

    def __init__(self, film: Path, out: Any) -> None:
        """Begin, before anything is written.

        Args:
            film: Where the sound is from.
            out: PyAV's container of the copy.
        """
        self._av, self._out = load_av(), out
        self._opened = contextlib.ExitStack()
        container, _ = self._opened.enter_context(open_container(film))
        self._tracks: dict[int, _Kept | _Encoded] = {}
        for stream in container.streams.audio:
            if stream.codec_context is None:  # of a kind that FFmpeg doesn't know
                continue
            is_kept = stream.codec_context.codec.canonical_name in out.supported_codecs and _tells_channels(stream)
            self._tracks[stream.index] = _Kept(out, stream) if is_kept else _Encoded(self._av, out, stream)
        self._packets = self._read(container)
        self._next = next(self._packets, None)

    def bring(self, until: Fraction | None) -> None:
        """Write what is heard up to a time, or the rest.

        Raises:
            FFmpegError: PyAV's, if it can't be written.
        """
        while self._next is not None:
            packet = self._next
            if until is not None and packet.dts * packet.time_base > until:
                return
            self._tracks[packet.stream.index].write(packet)
            self._next = next(self._packets, None)
        if until is None:
            for track in self._tracks.values():
                track.finish()

    def close(self) -> None:
        """Let go of the film."""
        self._opened.close()

    def _read(self, container: Any) -> Iterator[Any]:
        if not self._tracks:
            return
        packets = container.demux([stream for stream in container.streams.audio if stream.index in self._tracks])
        while True:
            try:
                packet = next(packets, None)
            except (self._av.error.FFmpegError, OSError) as error:
                logger.debug("The sound can't be read on: %s", error)
                return
            if packet is None:
                return
            if packet.dts is not None:
                yield packet


def _tells_channels(stream: Any) -> bool:
    """Whether a file says which channels it has, as MP4 must: an AVI of a camcorder says how many alone."""
    return stream.channels == 1 or all(channel.name != "NONE" for channel in stream.layout.channels)


class _Kept:
    """Sound whose packets are passed on."""

    def __init__(self, out: Any, stream: Any) -> None:
        self._out, self._stream = out, out.add_stream_from_template(stream)

    def write(self, packet: Any) -> None:
        packet.stream = self._stream
        self._out.mux(packet)

    def finish(self) -> None:
        """There is nothing that waits."""


class _Encoded:
    """Sound that is decoded and encoded."""

    def __init__(self, av: Any, out: Any, stream: Any) -> None:
        self._av, self._out = av, out
        # Many files say how many channels they have, and not which.
        layout = "mono" if stream.channels == 1 else "stereo"
        self._stream = out.add_stream(CODEC, rate=stream.rate, layout=layout)
        self._done: int | None = None  # samples, from the begin of the film's time

    def write(self, packet: Any) -> None:
        try:
            frames = packet.decode()
        except self._av.error.InvalidDataError:  # a damaged moment
            return
        for frame in frames:
            # Counted, not believed: packets and frames of such formats don't keep the same times.
            if self._done is None:
                self._done = round(packet.dts * packet.time_base * frame.sample_rate)
            frame.pts, frame.time_base = self._done, Fraction(1, frame.sample_rate)
            self._done += frame.samples
            self._out.mux(self._stream.encode(frame))

    def finish(self) -> None:
        self._out.mux(self._stream.encode(None))

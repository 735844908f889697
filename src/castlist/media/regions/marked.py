"""All that other programs say of who is in a photo, wherever they have written it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from castlist.errors import CastlistError, Message, reason_of
from castlist.media.names import folded, one_form
from castlist.media.regions.embedded import Inside, look_inside
from castlist.media.regions.packet import Packet
from castlist.media.regions.picasa import FILES, PicasaFaces
from castlist.media.regions.reading import merge_regions, names_in, need_same_shape, read_regions, texts_in
from castlist.media.regions.records import Edges, Region, upright_edges
from castlist.media.regions.sidecars import Sidecars, read_sidecar
from castlist.media.regions.takeout import takeout_names


@dataclass(frozen=True)
class Marked:
    """Who is in a photo."""

    regions: tuple[Region, ...]
    names: tuple[str, ...]  # of people who are somewhere in it: nobody has said where
    inside: Inside
    texts: tuple[str, ...] = ()  # all that stands where names may, keywords included, as often as it does
    problems: tuple[Message, ...] = field(default=())  # what can't be read

    def faces(self, *, own: bool = False) -> list[tuple[str, Edges]]:
        """Names, and edges in pixels of the upright photo.

        Args:
            own: Whether what castlist wrote counts, too.
        """
        size, turn = self.inside.upright_size, self.inside.orientation
        return [
            (one_form(one.name), upright_edges(one.area, size, turn)) for one in self.regions if own or not one.is_own
        ]


class MarkReader:
    """Reads what other programs say of photos; best asked folder by folder."""

    def __init__(self) -> None:
        self._sidecars, self._picasa = Sidecars(), PicasaFaces()

    def read(self, photo: Path) -> Marked:
        """Read what is said of a photo.

        Raises:
            PhotoError: If it can't be read.
        """
        inside = look_inside(photo)
        regions: list[Region] = []
        names: list[str] = []
        texts: list[str] = []
        problems = []
        sidecar = self._sidecars.find(photo)
        for path in (sidecar, photo):
            try:
                data = inside.packet if path == photo else path and read_sidecar(path)
                if not data:
                    continue
                packet = Packet(data)
                texts += texts_in(packet, inside.size)
                found = read_regions(packet, inside.size)
                if not inside.is_raw:  # whose preview may be cropped by the camera
                    need_same_shape(packet, inside.size)
                regions += found
                names += names_in(packet, inside.size)
            except (OSError, CastlistError) as error:
                problems.append(unread(path or photo, error))
        try:
            picasa = self._picasa.find(photo, inside.orientation, is_raw=inside.is_raw)
            regions += picasa
            texts += [one.name for one in picasa]
        except CastlistError as error:
            problems.append(unread(photo.with_name(FILES[0]), error))
        told = takeout_names(photo)
        marked = merge_regions(regions)
        known = {folded(one.name) for one in marked}
        loose = {folded(name): one_form(name) for name in (*names, *told) if folded(name) not in known}
        return Marked(tuple(marked), tuple(loose.values()), inside, (*texts, *told), tuple(problems))


def unread(path: Path, error: Exception) -> Message:
    """That XMP is left alone, and why."""
    return Message(
        "xmp-left-alone",
        "{path!r} is left as it is: its metadata can't be read ({reason}).",
        {"path": str(path), "reason": reason_of(error)},
    )

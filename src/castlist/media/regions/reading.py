"""Names and faces read from XMP, as whichever program wrote them: MWG, Microsoft, IPTC, in either spelling of RDF."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from castlist.errors import CastlistError
from castlist.media.names import folded
from castlist.media.regions.packet import Element, Packet, entries, field_of, text_of
from castlist.media.regions.records import Area, Kind, Region, TagItem

IGNORED = "ffffffffffffffff"  # what Picasa and Microsoft call a face that nobody is to be asked about
# As the description of a region that castlist wrote; after it, that regions of others stood there without their size,
# and the lists in which the name stood already. Programs that write the region anew leave it out.
MARK, SIZED, BESIDE = "castlist", "sized", "beside"
_MARKED = re.compile(rf"{MARK}(?P<sized> {SIZED})?(?: {BESIDE} (?P<beside>[a-z ]+))?")
LISTS: dict[Kind, str] = {
    "person": "Iptc4xmpExt:PersonInImage",
    "keyword": "dc:subject",
    "digikam": "digiKam:TagsList",
    "lightroom": "lr:hierarchicalSubject",
}
MOST = 1_000  # regions of a photo, some 500 people as MWG and as Microsoft: each is looked at for itself
ROUNDED = 1.02  # how far the shapes of a picture and of a smaller copy of it may be from each other
_OF_PEOPLE = ("face", "human", "person")  # in what IPTC's identifiers of kinds of regions end

Size = tuple[float, float]


def read_regions(packet: Packet, size: Size) -> list[Region]:
    """The faces that are marked in XMP and have a name, each once.

    Args:
        packet: Of the photo.
        size: Width and height of the stored picture, in pixels.

    Raises:
        CastlistError: If there are too many.
    """
    every, others = list(regions_in(packet, size)), list(_iptc(packet, size))
    need_few([*every, *others])
    # Microsoft's have no room for the mark: theirs are castlist's where MWG's are.
    own = [one for one, entry in every if _mark_of(entry)]
    marked = [
        Region(one.text, one.area, any(is_close(one, other) for other in own))
        for one, _ in every
        if one.area and is_name(one.text)
    ]
    return merge_regions([*marked, *others])


def own_items(packet: Packet) -> list[TagItem]:
    """What castlist wrote, as the marks of its regions tell it."""
    items: list[TagItem] = []
    for one, entry in regions_in(packet, (1, 1)):
        if one.area and (mark := _mark_of(entry)):
            before = (mark["beside"] or "").split()
            items += [item for item in Region(one.text, one.area).items() if item.kind not in before]
    return items


def is_marked(entry: Element) -> bool:
    """Whether castlist wrote a region, and nobody has written it anew."""
    return _mark_of(entry) is not None


def is_sized(entry: Element) -> bool:
    """Whether castlist wrote a region, and the size that it is of for regions of others, too."""
    mark = _mark_of(entry)
    return bool(mark and mark["sized"])


def _mark_of(entry: Element) -> re.Match[str] | None:
    return _MARKED.fullmatch(text_of(field_of(entry, "mwg-rs:Description")))


def need_few(regions: Sequence[object]) -> None:
    """Make sure that a photo hasn't so many regions that looking at each would take for ever.

    Raises:
        CastlistError: If it has.
    """
    if len(regions) > MOST:
        raise CastlistError(
            "regions-too-many",
            "{count} regions are marked in it, more than the limit of {limit}",
            count=len(regions),
            limit=MOST,
        )


def need_same_shape(packet: Packet, size: Size) -> None:
    """Make sure that regions are of the picture as it is, not as it was before somebody cropped it.

    Args:
        packet: Of the photo.
        size: Width and height of the stored picture, in pixels.

    Raises:
        CastlistError: If they are of another shape, also when that is turned by a quarter.
    """
    shape = max(size) / min(size)
    for mwg in _structures(packet, "mwg-rs:Regions"):
        if (told := _applied_to(mwg)) and not 1 / ROUNDED <= max(told) / min(told) / shape <= ROUNDED:
            raise CastlistError(
                "regions-of-another-shape",
                "its regions are of a picture of {width:.0f} x {height:.0f} pixels, and it was cropped since",
                width=told[0],
                height=told[1],
            )


def is_close(one: TagItem, other: TagItem) -> bool:
    """Whether two regions are one but for rounding, of whichever kind."""
    return one.text == other.text and bool(one.area and other.area and one.area.is_close(other.area))


def merge_regions(regions: Iterable[Region]) -> list[Region]:
    """Regions without those that say again what another says; what others say goes before what castlist says."""
    merged: list[Region] = []
    for region in sorted(regions, key=lambda one: one.is_own):
        if not any(folded(one.name) == folded(region.name) and one.area.overlap(region.area) > 0 for one in merged):
            merged.append(region)
    return merged


def is_name(text: str) -> bool:
    """Whether a region is named at all."""
    return bool(text) and text.casefold() != IGNORED


def regions_in(packet: Packet, size: Size) -> Iterator[tuple[TagItem, Element]]:
    """The faces that are marked as MWG and Microsoft do, named or not, and the entry of each."""
    return ((one, entry) for one, entry in _entries_in(packet, size) if one.area)


def names_in(packet: Packet, size: Size) -> list[str]:
    """The people of whom it isn't said where they are, or not so that it could be."""
    marked = [one.text for one, _ in _entries_in(packet, size) if one.area is None]
    return [name for name in [*marked, *_people_of(packet.property)] if is_name(name)]


def texts_in(packet: Packet, size: Size) -> list[str]:
    """All that stands where names may, keywords included, as often as it stands there."""
    known = [one.text for one, _ in (*_entries_in(packet, size), *lists_in(packet))]
    return [*known, *_detailed(packet.property), *(one.name for one in _iptc(packet, size))]


def _entries_in(packet: Packet, size: Size) -> Iterator[tuple[TagItem, Element]]:
    """All entries of faces; Windows writes some without a place."""
    for mwg in _structures(packet, "mwg-rs:Regions"):
        width, height = _applied_to(mwg) or size
        for entry in entries(field_of(mwg, "mwg-rs:RegionList")):
            area = _mwg_area(field_of(entry, "mwg-rs:Area"), width, height)
            if text_of(field_of(entry, "mwg-rs:Type")).casefold() in ("face", ""):
                yield TagItem("mwg", text_of(field_of(entry, "mwg-rs:Name")), area), entry
    for microsoft in _structures(packet, "MP:RegionInfo"):
        for entry in entries(field_of(microsoft, "MPRI:Regions")):
            numbers = _numbers(*text_of(field_of(entry, "MPReg:Rectangle")).split(","))
            area = _from_corner(*numbers) if numbers and len(numbers) == 4 else None
            yield TagItem("microsoft", text_of(field_of(entry, "MPReg:PersonDisplayName")), area), entry


def lists_in(packet: Packet) -> Iterator[tuple[TagItem, Element]]:
    """The entries of the lists that hold names, and whatever else."""
    for kind, name in LISTS.items():
        for entry in entries(packet.property(name)):
            yield TagItem(kind, text_of(entry)), entry


def _structures(packet: Packet, name: str) -> Iterator[Element]:
    found = packet.property(name)
    if isinstance(found, Element):
        yield found


def _applied_to(regions: Element) -> Size | None:
    dimensions = field_of(regions, "mwg-rs:AppliedToDimensions")
    if not isinstance(dimensions, Element):
        return None
    sides = _numbers(*(text_of(field_of(dimensions, name)) for name in ("stDim:w", "stDim:h")))
    return (sides[0], sides[1]) if sides and min(sides) > 0 else None


def _mwg_area(area: Element | str | None, width: float, height: float) -> Area | None:
    if not isinstance(area, Element):
        return None
    told = {one: text_of(field_of(area, f"stArea:{one}")) for one in ("x", "y", "w", "h", "d", "unit")}
    sides = _numbers(told["x"], told["y"], *([told["d"]] if told["d"] else [told["w"], told["h"]]))
    if sides is None:
        return None
    in_pixels = told["unit"].casefold().startswith("pixel")
    across, down = (1 / width, 1 / height) if in_pixels else (1.0, 1.0)
    if told["d"]:  # of a circle; a normalized one is measured along the shorter side
        pixels = sides[2] if in_pixels else sides[2] * min(width, height)
        return _sound(Area(sides[0] * across, sides[1] * down, pixels / width, pixels / height))
    return _sound(Area(sides[0] * across, sides[1] * down, sides[2] * across, sides[3] * down))


def _iptc(packet: Packet, size: Size) -> Iterator[Region]:
    for entry in entries(packet.property("Iptc4xmpExt:ImageRegion")):
        people = _people_of(functools.partial(field_of, entry))
        if not people and _is_of_people(field_of(entry, "Iptc4xmpExt:rCtype")):
            people = [text_of(field_of(entry, "Iptc4xmpExt:Name"))]
        area = _iptc_area(field_of(entry, "Iptc4xmpExt:RegionBoundary"), *size)
        # Of a region with several people nobody knows who is where in it.
        if area and len(people) == 1 and is_name(people[0]):
            yield Region(people[0], area)


def _people_of(value: Callable[[str], Element | str | None]) -> list[str]:
    """Whom IPTC's lists of people name, of a photo or of a region in it; the second tells more of each."""
    return [text_of(one) for one in entries(value(LISTS["person"]))] or _detailed(value)


def _detailed(value: Callable[[str], Element | str | None]) -> list[str]:
    details = entries(value("Iptc4xmpExt:PersonInImageWDetails"))
    return [text_of(field_of(one, "Iptc4xmpExt:PersonName")) for one in details]


def _is_of_people(kinds: Element | str | None) -> bool:
    names = [
        text_of(one).casefold()
        for kind in entries(kinds)
        for name in ("Iptc4xmpExt:Name", "xmp:Identifier")
        for one in [field_of(kind, name), *entries(field_of(kind, name))]
    ]
    return any(name.endswith(_OF_PEOPLE) for name in names)


def _iptc_area(boundary: Element | str | None, width: float, height: float) -> Area | None:
    if not isinstance(boundary, Element):
        return None

    def told(where: Element, *names: str) -> list[float] | None:
        return _numbers(*(text_of(field_of(where, f"Iptc4xmpExt:{name}")) for name in names))

    in_pixels = text_of(field_of(boundary, "Iptc4xmpExt:rbUnit")).casefold().startswith("pixel")
    across, down = (1 / width, 1 / height) if in_pixels else (1.0, 1.0)
    if sides := told(boundary, "rbX", "rbY", "rbW", "rbH"):
        return _from_corner(sides[0] * across, sides[1] * down, sides[2] * across, sides[3] * down)
    if circle := told(boundary, "rbX", "rbY", "rbRx"):  # its radius is measured along the width
        pixels = 2 * circle[2] * (1 if in_pixels else width)
        return _sound(Area(circle[0] * across, circle[1] * down, pixels / width, pixels / height))
    corners = [told(one, "rbX", "rbY") for one in entries(field_of(boundary, "Iptc4xmpExt:rbVertices"))]
    points = [(corner[0] * across, corner[1] * down) for corner in corners if corner]
    if not points:
        return None
    xs, ys = zip(*points, strict=True)
    return _sound(Area.of_edges(min(xs), min(ys), max(xs), max(ys)))


def _from_corner(left: float, top: float, width: float, height: float) -> Area | None:
    return _sound(Area.of_edges(left, top, left + width, top + height))


def _sound(area: Area) -> Area | None:
    """An area, if it is one and touches the picture."""
    left, top, right, bottom = area.edges
    fits = area.width > 0 and area.height > 0 and max(area.width, area.height) <= 2
    return area if fits and right > 0 and bottom > 0 and left < 1 and top < 1 else None


def _numbers(*texts: str) -> list[float] | None:
    """Texts as numbers; None where one is none."""
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None

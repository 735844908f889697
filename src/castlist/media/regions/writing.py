"""Names put into XMP and taken out of it; every byte that isn't castlist's stays."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from castlist.errors import CastlistError
from castlist.media.names import folded
from castlist.media.regions.packet import Element, Packet, entries, field_of, holder_of, ns
from castlist.media.regions.reading import (
    BESIDE,
    LISTS,
    MARK,
    SIZED,
    Size,
    is_marked,
    is_sized,
    lists_in,
    own_items,
    regions_in,
)
from castlist.media.regions.records import DIGITS, REGIONS, SAME_FACE, Area, Kind, Region, TagItem, Tags

_REGIONS = {"mwg": ("mwg-rs:Regions", "mwg-rs:RegionList"), "microsoft": ("MP:RegionInfo", "MPRI:Regions")}
_CONTAINERS = tuple(ns(f"rdf:{kind}") for kind in ("Bag", "Seq", "Alt"))
_NOWHERE = Area(0, 0, 0, 0)
_ANY: Size = (1, 1)  # of the picture: castlist writes no numbers that depend on it
# What XML can't hold, whoever is called so.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Change:
    """What putting names into XMP, or taking them out, comes to."""

    data: bytes
    added: tuple[TagItem, ...] = ()
    removed: tuple[TagItem, ...] = ()
    conflicts: tuple[tuple[str, str], ...] = ()  # a name that isn't written, and what others call that very face

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


def change(data: bytes, tags: Tags, ours: Collection[TagItem] = (), *, marked: bool = False) -> Change:
    """Have XMP say what tags say, and nothing any more that castlist said before.

    What others have written stays, whoever it names: a face that they call otherwise isn't named, and where they name
    somebody, it isn't said again.

    Args:
        data: A packet or a sidecar.
        tags: Who is to be named.
        ours: What castlist wrote into it before.
        marked: Write nothing that castlist's own marks don't tell of afterwards; and so nothing of somebody whom
            another program's region names.

    Raises:
        CastlistError: If it can't be parsed, or holds what it shouldn't where names belong.
    """
    came = Packet(data)
    wanted = [item for item in tags.items() if not _UNWRITABLE.search(item.text)]
    there, kept = standing(came, tags.size), _Places(wanted)
    own = _written(there, ours)
    going = {entry: item for entry, item in own.items() if item not in kept}
    packet = Packet(_without(came, going)) if going else came
    left = {entry: item for item, entry in there if entry not in going}
    conflicts = dict(_conflicts(wanted, left.values()))
    added = _missing(wanted, left.values(), conflicts, marked)
    foreign = [item for entry, item in left.items() if entry not in own]
    after = came.encoded(_with(packet, added, tags.size, foreign))
    return Change(after, added, tuple(going.values()), tuple(conflicts.items()))


def take_out(data: bytes, ours: Collection[TagItem] | None) -> Change:
    """XMP without what castlist wrote into it; None: whatever bears castlist's mark.

    Raises:
        CastlistError: If it can't be parsed.
    """
    packet = Packet(data)
    going = _written(standing(packet, _ANY), own_items(packet) if ours is None else ours)
    return Change(packet.encoded(_without(packet, going)), removed=tuple(going.values()))


def standing(packet: Packet, size: Size) -> list[tuple[TagItem, Element]]:
    """All that may carry names."""
    return [*regions_in(packet, size), *lists_in(packet)]


class _Places:
    """Where names stand; others round an area a little when they write a file anew."""

    def __init__(self, items: Iterable[TagItem]) -> None:
        self._areas: dict[tuple[Kind, str], list[Area | None]] = {}
        for item in items:
            self._areas.setdefault((item.kind, item.text), []).append(item.area)

    def __contains__(self, item: TagItem) -> bool:
        return self._at(item) is not None

    def take(self, item: TagItem) -> bool:
        """Whether one was there, which now isn't any more."""
        if (at := self._at(item)) is not None:
            del self._areas[item.kind, item.text][at]
        return at is not None

    def _at(self, item: TagItem) -> int | None:
        for at, area in enumerate(self._areas.get((item.kind, item.text), ())):
            if item.area is area or (item.area and area and item.area.is_close(area)):
                return at
        return None


def _written(there: Iterable[tuple[TagItem, Element]], ours: Iterable[TagItem]) -> dict[Element, TagItem]:
    """What castlist wrote of what stands there: of each item one, and that which bears its mark before another."""
    places = _Places(ours)
    return {entry: item for item, entry in sorted(there, key=lambda one: not is_marked(one[1])) if places.take(item)}


def _missing(
    wanted: Iterable[TagItem], there: Collection[TagItem], conflicts: Collection[str], marked: bool
) -> tuple[TagItem, ...]:
    """What is to be put in; marked: nothing of whom another's region names."""
    known = {_key(one) for one in there}
    told = {folded(one.text) for one in there if marked and one.kind == "mwg"}
    fit = (one for one in wanted if _name_of(one) not in conflicts and folded(_name_of(one)) not in told)
    return tuple(one for one in fit if _key(one) not in known)


def _key(item: TagItem) -> tuple[Kind, str]:
    """What makes an item needless where it stands: others compare names without regard to case."""
    return item.kind, folded(item.text)


def _name_of(item: TagItem) -> str:
    """Whom an item names; of keywords for "perhaps" the whole text."""
    return item.text.removeprefix("People/").removeprefix("People|").replace("¦", "|")


def _conflicts(wanted: Iterable[TagItem], there: Iterable[TagItem]) -> Iterable[tuple[str, str]]:
    marked = [one for one in there if one.area and one.text]
    names = {folded(one.text) for one in marked}
    for item in wanted:
        if item.area and folded(item.text) not in names:
            for one in marked:
                if one.area and one.area.overlap(item.area) >= SAME_FACE:
                    yield item.text, one.text


def _without(packet: Packet, going: Iterable[Element]) -> bytes:
    """The bytes without entries, and without the size that castlist told for those of regions."""
    going = set(going)
    data = packet.without(going)
    listed = packet.field("mwg-rs:Regions", "mwg-rs:RegionList")
    if listed is None or going.isdisjoint(regions := set(entries(listed))):
        return data
    after = Packet(data)
    size = after.field("mwg-rs:Regions", "mwg-rs:AppliedToDimensions")
    if size is None or size.parent is None:
        return data
    is_told = any(map(is_sized, regions & going)) and not any(map(is_sized, regions - going))
    # Castlist puts a list behind a size of its own, and before one that was there alone.
    is_alone = size.parent.children == [size] and listed.parent and listed.parent.children[-1] is listed
    return after.without([size]) if is_told or is_alone else data


def _with(packet: Packet, items: Sequence[TagItem], size: tuple[int, int], foreign: Sequence[TagItem]) -> bytes:
    sizes = _tells_size(packet)
    for kind in (*REGIONS, *LISTS):
        if some := [item for item in items if item.kind == kind]:
            marks = [_mark(item, foreign, sizes) if kind == "mwg" else "" for item in some]
            packet = Packet(_put(packet, kind, list(map(_entry, some, marks)), size))
    return packet.data


def _tells_size(packet: Packet) -> bool:
    """Whether it is castlist who tells, or is to tell, which size regions are of that stand there already."""
    structure = packet.property("mwg-rs:Regions")
    if not isinstance(structure, Element):
        return False
    is_told = field_of(structure, "mwg-rs:AppliedToDimensions") is not None
    return not is_told or any(map(is_sized, entries(field_of(structure, "mwg-rs:RegionList"))))


def _mark(item: TagItem, foreign: Sequence[TagItem], sizes: bool) -> str:
    """What a region bears so that it is known as castlist's, and with it what else was put in for it."""
    written = {_key(one) for one in Region(item.text, _NOWHERE).items() if one.kind in LISTS}
    beside = [one.kind for one in foreign if _key(one) in written]
    return " ".join([MARK, *[SIZED] * sizes, *([BESIDE, *dict.fromkeys(beside)] if beside else [])])


def _put(packet: Packet, kind: Kind, texts: Sequence[str], size: tuple[int, int]) -> bytes:
    """Put entries into their list, which is made if it isn't there."""
    if kind in REGIONS:
        return _put_regions(packet, kind, texts, size)
    name, container = LISTS[kind], "Seq" if kind == "digikam" else "Bag"
    listed = packet.property(name)
    if listed is None:
        return _put_property(packet, _list(name, texts, container))
    return _put_entries(packet, listed, name, texts, container)


def _put_regions(packet: Packet, kind: Kind, texts: Sequence[str], size: tuple[int, int]) -> bytes:
    name, list_name = _REGIONS[kind]
    structure = packet.property(name)
    # Without their size, some readers pass over all regions.
    told = [_applied_to(size)] if kind == "mwg" else []
    if structure is None:
        inside = "\n".join([*told, _list(list_name, texts)])
        return _put_property(packet, f'<{name} rdf:parseType="Resource">\n{_indented(inside)}\n</{name}>')
    if not isinstance(structure, Element) or structure.text.strip():
        raise _unexpected(name)
    listed = field_of(structure, list_name)
    is_told = field_of(structure, "mwg-rs:AppliedToDimensions") is not None
    if listed is None:
        return _put_fields(packet, structure, [*([] if is_told else told), _list(list_name, texts)], first=is_told)
    if told and not is_told:
        return _put_regions(Packet(packet.put_in(holder_of(structure), told[0])), kind, texts, size)
    return _put_entries(packet, listed, list_name, texts)


def _put_fields(packet: Packet, structure: Element, texts: Sequence[str], *, first: bool) -> bytes:
    """Put fields into a structure; an empty one may have to become one."""
    text, holder = "\n".join(texts), holder_of(structure)
    if holder is structure and not structure.children and ns("rdf:parseType") not in structure.attributes:
        if structure.attributes:
            raise _unexpected(structure.name.rpartition(" ")[2])
        text = f"<rdf:Description>\n{_indented(text)}\n</rdf:Description>"
    return packet.put_in(holder, text, first=first)


def _put_entries(
    packet: Packet, listed: Element | str, name: str, texts: Sequence[str], container: str = "Bag"
) -> bytes:
    """Put entries into a list that is there."""
    if not isinstance(listed, Element) or listed.text.strip() or ns("rdf:parseType") in listed.attributes:
        raise _unexpected(name)
    if any(one.name not in _CONTAINERS for one in listed.children):
        raise _unexpected(name)
    if not listed.children:
        return packet.put_in(listed, f"<rdf:{container}>\n{_indented(chr(10).join(texts))}\n</rdf:{container}>")
    return packet.put_in(listed.children[0], "\n".join(texts))


def _put_property(packet: Packet, text: str) -> bytes:
    """Put a property of the photo in."""
    descriptions = packet.descriptions()
    if not descriptions:
        return packet.put_in(packet.rdf, f'<rdf:Description rdf:about="">\n{_indented(text)}\n</rdf:Description>')
    return packet.put_in(descriptions[0], text)


def _entry(item: TagItem, mark: str) -> str:
    """An entry of a list; MWG's regions have room for a mark."""
    name = html.escape(item.text, quote=False)
    if item.area is None:
        return f"<rdf:li>{name}</rdf:li>"
    numbers = [_number(one) for one in (item.area.x, item.area.y, item.area.width, item.area.height)]
    if item.kind == "mwg":
        sides = "\n".join(
            f" <stArea:{side}>{number}</stArea:{side}>" for side, number in zip("xywh", numbers, strict=True)
        )
        lines: tuple[str, ...] = (
            f"<mwg-rs:Name>{name}</mwg-rs:Name>",
            "<mwg-rs:Type>Face</mwg-rs:Type>",
            f"<mwg-rs:Description>{mark}</mwg-rs:Description>",
            f'<mwg-rs:Area rdf:parseType="Resource">\n{sides}\n <stArea:unit>normalized</stArea:unit>\n</mwg-rs:Area>',
        )
    else:
        left, top, _, _ = item.area.edges
        corner = ", ".join([_number(left), _number(top), *numbers[2:]])
        lines = (
            f"<MPReg:Rectangle>{corner}</MPReg:Rectangle>",
            f"<MPReg:PersonDisplayName>{name}</MPReg:PersonDisplayName>",
        )
    return "\n".join(['<rdf:li rdf:parseType="Resource">', *(_indented(line) for line in lines), "</rdf:li>"])


def _applied_to(size: tuple[int, int]) -> str:
    width, height = size
    return (
        '<mwg-rs:AppliedToDimensions rdf:parseType="Resource">\n'
        f" <stDim:w>{width}</stDim:w>\n <stDim:h>{height}</stDim:h>\n <stDim:unit>pixel</stDim:unit>\n"
        "</mwg-rs:AppliedToDimensions>"
    )


def _list(name: str, texts: Sequence[str], container: str = "Bag") -> str:
    inside = _indented("\n".join(texts), 2)
    return f"<{name}>\n <rdf:{container}>\n{inside}\n </rdf:{container}>\n</{name}>"


def _indented(text: str, by: int = 1) -> str:
    return "\n".join(" " * by + line for line in text.split("\n"))


def _number(value: float) -> str:
    return f"{value:.{DIGITS}f}"


def _unexpected(name: str) -> CastlistError:
    return CastlistError("xmp-unexpected", "its {name} isn't what it is elsewhere", name=name)

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
    is_sized,
    lists_in,
    own_items,
    regions_in,
)
from castlist.media.regions.records import DIGITS, REGIONS, SAME_FACE, Area, Kind, TagItem, Tags

_REGIONS = {"mwg": ("mwg-rs:Regions", "mwg-rs:RegionList"), "microsoft": ("MP:RegionInfo", "MPRI:Regions")}
_STRUCTURES = {ns(name) for name, _ in _REGIONS.values()}
_DIMENSIONS = ns("mwg-rs:AppliedToDimensions")
_CONTAINERS = tuple(ns(f"rdf:{kind}") for kind in ("Bag", "Seq", "Alt"))
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
    packet = came = Packet(data)
    wanted = [item for item in tags.items() if not _UNWRITABLE.search(item.text)]
    before, kept = _Places(ours), _Places(wanted)
    going = [(one, entry) for one, entry in standing(packet, tags.size) if one in before and one not in kept]
    packet = Packet(_without(packet, [entry for _, entry in going])) if going else packet
    there = [one for one, _ in standing(packet, tags.size)]
    conflicts = dict(_conflicts(wanted, there))
    wanted = [one for one in wanted if _name_of(one) not in conflicts]
    if marked:
        told = {folded(one.text) for one in there if one.kind == "mwg"}
        wanted = [one for one in wanted if folded(_name_of(one)) not in told]
    known = {_key(one) for one in there}
    added = tuple(one for one in wanted if _key(one) not in known)
    removed = tuple(one for one, _ in going)
    foreign = [one for one in there if one.area is None and one not in before]
    after = came.encoded(_with(packet, added, tags.size, foreign))
    return Change(after, added, removed, tuple(conflicts.items()))


def take_out(data: bytes, ours: Collection[TagItem] | None) -> Change:
    """XMP without what castlist wrote into it; None: whatever bears castlist's mark.

    Raises:
        CastlistError: If it can't be parsed.
    """
    packet = Packet(data)
    places = _Places(own_items(packet) if ours is None else ours)
    going = [(one, entry) for one, entry in standing(packet, _ANY) if one in places]
    after = packet.encoded(_without(packet, [entry for _, entry in going]))
    return Change(after, removed=tuple(one for one, _ in going))


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
        return any(
            item.area is area or bool(item.area and area and item.area.is_close(area))
            for area in self._areas.get((item.kind, item.text), ())
        )


def _key(item: TagItem) -> tuple[Kind, str]:
    """What makes an item needless where it stands: others compare names without regard to case."""
    return item.kind, folded(item.text)


def _name_of(item: TagItem) -> str:
    """Whom an item names; of keywords for "perhaps" the whole text."""
    return item.text.removeprefix("People/").removeprefix("People|").replace("¦", "|")


def _conflicts(wanted: Sequence[TagItem], there: Sequence[TagItem]) -> Iterable[tuple[str, str]]:
    marked = [one for one in there if one.area and one.text]
    names = {folded(one.text) for one in marked}
    for item in wanted:
        if item.area and folded(item.text) not in names:
            for one in marked:
                if one.area and one.area.overlap(item.area) >= SAME_FACE:
                    yield item.text, one.text


def _without(packet: Packet, entries: Sequence[Element]) -> bytes:
    """The bytes without entries, the lists that they leave empty, and the structures that held nothing else."""
    lists: dict[Element, set[Element]] = {}
    for entry in entries:
        container = entry.parent
        assert container is not None and container.parent is not None, "entries are in lists, and these in properties"
        lists.setdefault(container.parent, set()).add(entry)
    needless: list[Element] = []
    for listed, going in lists.items():
        left = [one for container in listed.children for one in container.children if one not in going]
        emptied = None if left else _emptied(listed)
        needless += [emptied] if emptied else going
        if emptied in (None, listed) and any(map(is_sized, going)) and not any(map(is_sized, left)):
            needless += _size_of(listed)
    return packet.without(needless)


def _size_of(listed: Element) -> list[Element]:
    """The element, if there is one, that tells which size the regions of a list are of."""
    size = listed.parent and field_of(listed.parent, "mwg-rs:AppliedToDimensions")
    return [size] if isinstance(size, Element) else []


def _emptied(listed: Element) -> Element:
    """What goes with an empty list: the structure of regions that holds nothing else, or the list alone."""
    structure = listed.parent
    while structure is not None and structure.name not in _STRUCTURES:
        structure = structure.parent
    if structure is None:
        return listed
    others = [one for one in holder_of(structure).children if one is not listed and one.name != _DIMENSIONS]
    return listed if others else structure


def _with(packet: Packet, items: Sequence[TagItem], size: tuple[int, int], foreign: Sequence[TagItem]) -> bytes:
    sizes = _tells_size(packet)
    for kind in (*REGIONS, *LISTS):
        if some := [item for item in items if item.kind == kind]:
            packet = Packet(_put(packet, kind, [_entry(item, _mark(item, foreign, sizes)) for item in some], size))
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
    beside = [one.kind for one in foreign if folded(_name_of(one)) == folded(item.text)]
    return " ".join([MARK, *[SIZED] * sizes, *([BESIDE, *dict.fromkeys(beside)] if beside else [])])


def _put(packet: Packet, kind: Kind, texts: Sequence[str], size: tuple[int, int]) -> bytes:
    """Put entries into their list, which is made if it isn't there."""
    if kind in LISTS:
        return _put_list(packet, None, LISTS[kind], texts, "Seq" if kind == "digikam" else "Bag")
    name, listed = _REGIONS[kind]
    structure = packet.property(name)
    if structure is None:
        inside = _list(listed, texts)
        if kind == "mwg":
            inside = f"{_applied_to(size)}\n{inside}"
        return _put_property(packet, f'<{name} rdf:parseType="Resource">\n{_indented(inside)}\n</{name}>')
    if not isinstance(structure, Element):
        raise _unexpected(name)
    if kind == "mwg" and field_of(structure, "mwg-rs:AppliedToDimensions") is None:
        # Without it, some readers pass over all regions.
        return _put(Packet(packet.put_in(holder_of(structure), _applied_to(size))), kind, texts, size)
    return _put_list(packet, structure, listed, texts, "Bag")


def _put_list(packet: Packet, structure: Element | None, name: str, texts: Sequence[str], container: str) -> bytes:
    """Put entries into a list of a structure, or of the photo."""
    listed = packet.property(name) if structure is None else field_of(structure, name)
    if listed is None:
        text = _list(name, texts, container)
        return _put_property(packet, text) if structure is None else packet.put_in(holder_of(structure), text)
    if not isinstance(listed, Element) or listed.text.strip():
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

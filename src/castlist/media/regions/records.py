"""Faces as photo managers write them: a name and an area of the stored picture, and the items that carry them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from castlist.media.orientation import to_stored, to_upright, turned

SAME_FACE = 0.5  # overlap of two areas, relative to their union, from which they are of one face
CLOSE = 0.001  # of the picture: as far as other programs' rounding moves an edge
DIGITS = 6  # of an area's numbers: a tenth of a pixel of the largest photo

Edges = tuple[float, float, float, float]  # left, top, right, bottom
# What carries a name in XMP: two kinds of regions, and four lists.
Kind = Literal["mwg", "microsoft", "person", "keyword", "digikam", "lightroom"]
REGIONS: tuple[Kind, ...] = ("mwg", "microsoft")


@dataclass(frozen=True)
class Area:
    """A rectangle of the stored picture, which is 1 wide and 1 high: its center, as MWG has it, and its size."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def of_edges(cls, left: float, top: float, right: float, bottom: float) -> Area:
        """The area between four edges."""
        return cls((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)

    @property
    def edges(self) -> Edges:
        half_width, half_height = self.width / 2, self.height / 2
        return self.x - half_width, self.y - half_height, self.x + half_width, self.y + half_height

    @property
    def rounded(self) -> Area:
        """As it is written."""
        return Area(*(round(one, DIGITS) for one in (self.x, self.y, self.width, self.height)))

    def is_close(self, other: Area) -> bool:
        """Whether this is the other one but for rounding."""
        return all(abs(one - two) <= CLOSE for one, two in zip(self.edges, other.edges, strict=True))

    def overlap(self, other: Area) -> float:
        """What is common, relative to the union."""
        left, top, right, bottom = (
            choose(one, two) for choose, one, two in zip((max, max, min, min), self.edges, other.edges, strict=True)
        )
        common = max(right - left, 0.0) * max(bottom - top, 0.0)
        union = self.width * self.height + other.width * other.height - common
        return common / union if union > 0 else 0.0


@dataclass(frozen=True)
class Region:
    """A face that somebody or some program has marked, with its name."""

    name: str  # as it stands there; "": nobody's
    area: Area
    is_own: bool = False  # whether castlist wrote it, and nobody has confirmed it since

    def items(self) -> list[TagItem]:
        """All that carries its name."""
        regions = [TagItem(kind, self.name, self.area) for kind in REGIONS]
        return [*regions, TagItem("person", self.name), *_keywords(self.name, "People", self.name)]


@dataclass(frozen=True)
class TagItem:
    """One place in XMP where a name stands."""

    kind: Kind
    text: str
    area: Area | None = None  # of regions


@dataclass(frozen=True)
class Tags:
    """What is to stand in a photo's XMP: who is where, and who perhaps."""

    size: tuple[int, int]  # of the stored picture, in pixels
    regions: tuple[Region, ...]
    perhaps: tuple[str, ...] = ()  # keywords only: nobody has confirmed them

    def items(self) -> tuple[TagItem, ...]:
        """All that carries these names, each once."""
        every = [item for region in self.regions for item in region.items()]
        for name in self.perhaps:
            every += _keywords(f"perhaps {name}", "Perhaps", name)
        return tuple(dict.fromkeys(every))


def tag_texts(name: str) -> set[tuple[Kind, str]]:
    """Where and as what somebody's name may have been written."""
    whole = Area(0.5, 0.5, 1, 1)
    return {(item.kind, item.text) for item in Tags((1, 1), (Region(name, whole),), (name,)).items()}


def make_tags(
    faces: Iterable[tuple[str, Edges]],
    size: tuple[int, int],
    orientation: int | None,
    perhaps: Iterable[str] = (),
) -> Tags:
    """What is to stand in a photo's XMP.

    Args:
        faces: Names, and edges in pixels of the upright photo.
        size: Width and height of the upright photo.
        orientation: As EXIF counts, of the picture itself.
        perhaps: Who else may be in it.
    """
    width, height = size
    regions = []
    for name, (left, top, right, bottom) in faces:
        corners = (left / width, top / height), (right / width, bottom / height)
        (x, y), (other_x, other_y) = (to_stored(corner, orientation) for corner in corners)
        area = Area.of_edges(min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y))
        regions.append(Region(name, area.rounded))
    return Tags(turned(size, orientation), tuple(regions), tuple(dict.fromkeys(perhaps)))


def upright_edges(area: Area, size: tuple[int, int], orientation: int | None) -> Edges:
    """Where an area of the stored picture lies in the upright photo of a size, in pixels."""
    left, top, right, bottom = area.edges
    (x, y), (other_x, other_y) = (to_upright(corner, orientation) for corner in ((left, top), (right, bottom)))
    width, height = size
    return min(x, other_x) * width, min(y, other_y) * height, max(x, other_x) * width, max(y, other_y) * height


def _keywords(keyword: str, branch: str, name: str) -> list[TagItem]:
    # A bar parts the levels of Lightroom's keywords; no name of castlist's has the slash that parts digiKam's.
    return [
        TagItem("keyword", keyword),
        TagItem("digikam", f"{branch}/{name}"),
        TagItem("lightroom", f"{branch}|{name.replace('|', '¦')}"),
    ]

"""How training photos are varied."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from castlist.settings.checking import check, check_types


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How training photos are varied, each time they are seen; amounts left open are the report's (M7)."""

    rotation: float | None = None  # degrees, at most, either way; open: 12, of faces 5
    shift: float | None = None  # share of the side, at most, both axes, either way; open: 0.13, of faces 0.03
    zoom: float | None = None  # share, at most, in or out; open: 0.2, of faces 0.05
    horizontal_flip: bool = True
    vertical_flip: bool = False

    def __post_init__(self) -> None:
        check_types(self)
        check(self, "rotation", 0 <= (self.rotation or 0) <= 180, "from 0 to 180 degrees")
        check(self, "shift", 0 <= (self.shift or 0) <= 0.5, "from 0 to 0.5")
        check(self, "zoom", 0 <= (self.zoom or 0) <= 0.9, "from 0 to 0.9")

    @property
    def amounts(self) -> tuple[float, float, float]:
        """Rotation in degrees, shift and zoom as shares."""
        return self._filled(12.0, 0.13, 0.2)

    def for_faces(self) -> Augmentation:
        """Small amounts where they are open: aligned, eyes and mouth lie in their places, in new photos too."""
        rotation, shift, zoom = self._filled(5.0, 0.03, 0.05)
        return dataclasses.replace(self, rotation=rotation, shift=shift, zoom=zoom)

    def _filled(self, rotation: float, shift: float, zoom: float) -> tuple[float, float, float]:
        return (
            rotation if self.rotation is None else self.rotation,
            shift if self.shift is None else self.shift,
            zoom if self.zoom is None else self.zoom,
        )

"""How a stored picture lies to the upright one: the eight orientations of EXIF, in one place."""

from __future__ import annotations

# Pictures whose rows are stored as columns; and those whose left, or whose top, is stored last.
LYING, LEFT_LAST, TOP_LAST = range(5, 9), (2, 3, 6, 7), (3, 4, 7, 8)

Point = tuple[float, float]  # x and y, of a picture that is 1 wide and 1 high


def to_upright(point: Point, orientation: int | None) -> Point:
    """Where a point of the stored picture is seen in the upright one."""
    x, y = point[::-1] if orientation in LYING else point
    return 1 - x if orientation in LEFT_LAST else x, 1 - y if orientation in TOP_LAST else y


def to_stored(point: Point, orientation: int | None) -> Point:
    """Where a point of the upright picture is stored."""
    # The two quarter turns undo each other; every other orientation undoes itself.
    return to_upright(point, {6: 8, 8: 6}.get(orientation or 1, orientation))


def turned(size: tuple[int, int], orientation: int | None) -> tuple[int, int]:
    """Width and height of the other picture: of the upright one, or of the stored one."""
    width, height = size
    return (height, width) if orientation in LYING else (width, height)

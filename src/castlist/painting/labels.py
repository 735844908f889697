"""Names painted onto a picture: a caption for the whole photo, or a box and a label per face."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from castlist.faces import Box
from castlist.media import UNKNOWN
from castlist.naming import NamedFace
from castlist.painting.fonts import split_by_font

MIN_SIDE = 320  # pixels; smaller pictures are enlarged, or no label would be readable
INK = "#ffffff"
PLATE = "#16181d"  # behind white text: contrast 17 to 1, whatever the photo
# Of boxes, neighbors differ in hue and lightness; each is readable under dark text.
COLORS = (
    *("#ffd166", "#7bdff2", "#b5e48c", "#ffadad", "#cdb4ff"),
    *("#ff9f5a", "#8fb8ff", "#5fd9b4", "#ff8fe0", "#ffffff"),
)
UNNAMED = "#c8ccd4"  # the color of whoever isn't named
ELLIPSIS = "…"


def draw_names(pixels: np.ndarray, faces: Sequence[NamedFace], people: Sequence[str] = ()) -> np.ndarray:
    """Paint names with their probabilities onto a picture.

    A face with a box gets a frame and a label beside it; answers for the whole photo become a caption below it.

    Args:
        pixels: Shape (height, width, 3), uint8, RGB.
        faces: The answers for this photo, boxes in its pixels.
        people: Of the run, so that each keeps a color in all its pictures.

    Returns:
        Shape (height, width, 3), uint8, RGB: taller by the caption, and enlarged if a side was under MIN_SIDE.

    Raises:
        FontError: If no font of this machine has the characters of a name.
    """
    height, width = pixels.shape[:2]
    scale = max(1.0, MIN_SIDE / min(height, width))
    picture = Image.fromarray(pixels)
    if scale > 1:
        # A strip one pixel high would become endless: then its long side rules.
        scale = min(scale, max(1.0, 4 * MIN_SIDE / max(height, width)))
        picture = picture.resize((round(width * scale), round(height * scale)), Image.Resampling.BICUBIC)
    boxed = [(face, _scaled(face.box, scale)) for face in faces if face.box is not None]
    if boxed:
        colors = [color_of(face, people or [other.name for other in faces]) for face, _ in boxed]
        _draw_boxes(picture, boxed, colors)
    whole = [face for face in faces if face.box is None]
    if whole:
        picture = _with_captions(picture, whole)
    return np.asarray(picture)


class Label:
    """A name and a percentage in one line, in as many fonts as the characters need."""

    def __init__(self, face: NamedFace, size: float, max_width: float, *, has_share: bool = True) -> None:
        """Lay out an answer; a name that would make it wider than `max_width` pixels is cut with an ellipsis."""
        self._has_share = has_share
        shown, end, probability = face.name, "", face.probability
        if face.perhaps is not None and face.perhaps_probability is not None:
            shown, end, probability = face.perhaps, "?", face.perhaps_probability
        # Control characters would break the line, half a surrogate pair the drawing.
        name = "".join(" " if unicodedata.category(character)[0] == "C" else character for character in shown)
        self._size = size
        self._lay_out(name.strip() + end, probability)
        for length in range(len(name) - 1, 0, -1):
            if self.width <= max_width:
                break
            self._lay_out(name[:length].strip() + ELLIPSIS + end, probability)

    def _lay_out(self, name: str, probability: float) -> None:
        share = f" {percent(probability)}" if self._has_share else ""
        *runs, (last, font) = split_by_font(name + share)
        # The percentage apart: after an Arabic name it would otherwise be written from right to left.
        runs += [(last.removesuffix(share), font), (share, font)] if last.endswith(share) else [(last, font)]
        self._runs = [(run, font.load(self._size)) for run, font in runs]

    @property
    def width(self) -> float:
        return sum(font.getlength(run) for run, font in self._runs)

    def draw(self, draw: ImageDraw.ImageDraw, left: float, middle: float, ink: str) -> None:
        """Draw it with its left edge and its middle line at these pixels."""
        for run, font in self._runs:
            # The baseline is common to all fonts; Latin capitals then lie in the middle of the plate.
            draw.text((left, middle + 0.36 * self._size), run, fill=ink, font=font, anchor="ls")
            left += font.getlength(run)


def color_of(face: NamedFace, people: Sequence[str]) -> str:
    """The color of a face: of each person another one, as far as they go; of whoever isn't named, grey."""
    if face.name == UNKNOWN or face.name not in people:
        return UNNAMED
    return COLORS[people.index(face.name) % (len(COLORS) - 1)]  # white is for texts


def percent(probability: float) -> str:
    """A whole percentage that doesn't claim certainty: 0.998 is not 100 %."""
    if probability > 0.99:
        return ">99 %" if probability < 1 else "100 %"
    return f"{100 * probability:.0f} %"


def _scaled(box: Box, scale: float) -> Box:
    return Box(box.left * scale, box.top * scale, box.right * scale, box.bottom * scale)


def _with_captions(picture: Image.Image, faces: Sequence[NamedFace]) -> Image.Image:
    size = max(16.0, 0.055 * min(picture.size))
    line = round(1.9 * size)
    taller = Image.new("RGB", (picture.width, picture.height + line * len(faces)), PLATE)
    taller.paste(picture)
    draw = ImageDraw.Draw(taller)
    for i, face in enumerate(faces):
        label = Label(face, size, picture.width - size)
        middle = picture.height + line * (i + 0.5)
        label.draw(draw, (picture.width - label.width) / 2, middle, INK)
    return taller


def _draw_boxes(picture: Image.Image, boxed: Sequence[tuple[NamedFace, Box]], colors: Sequence[str]) -> None:
    draw = ImageDraw.Draw(picture)
    side = min(picture.size)
    line = max(2, round(side / 300))
    # From the top down, so that labels make room for those below.
    drawn = sorted(zip(boxed, colors, strict=True), key=lambda item: (item[0][1].top, item[0][1].left))
    for (_, box), color in drawn:
        outer = (box.left - line, box.top - line, box.right + line, box.bottom + line)
        inner = (box.left, box.top, box.right, box.bottom)
        draw.rectangle(outer, outline=PLATE, width=3 * line)  # a dark rim, for bright photos
        draw.rectangle(inner, outline=color, width=line)
    taken: list[Box] = []
    for (face, box), color in drawn:
        size = float(np.clip(0.17 * box.width, max(13.0, side / 60), max(16.0, side / 18)))
        label = Label(face, size, picture.width - size)
        plate = place_label(
            box, (label.width + 0.8 * size, 1.5 * size), picture.size, taken, [other for _, other in boxed]
        )
        taken.append(plate)
        draw.rounded_rectangle((plate.left, plate.top, plate.right, plate.bottom), 0.25 * size, color, PLATE, line)
        label.draw(draw, plate.left + 0.4 * size, (plate.top + plate.bottom) / 2, PLATE)


def place_label(
    box: Box, size: tuple[float, float], picture: tuple[int, int], taken: Sequence[Box], faces: Sequence[Box]
) -> Box:
    """Find the place beside a face where its label covers least: of other labels first of all, then of faces.

    Args:
        box: The face; all in pixels of the picture.
        size: Width and height of the label.
        picture: Width and height of the picture, inside which the label lies as far as it fits.
        taken: Where labels are already.
        faces: Where faces are.
    """
    width, height = size
    lefts = (box.left, box.right - width, (box.left + box.right - width) / 2, box.right, box.left - width)
    tops = (box.top - height, box.bottom, box.top - 2 * height, box.bottom + height, box.bottom - height, box.top)
    places = []
    for top in tops:
        for left in lefts:
            inside_left = min(max(left, 0.0), max(picture[0] - width, 0.0))
            inside_top = min(max(top, 0.0), max(picture[1] - height, 0.0))
            places.append(Box(inside_left, inside_top, inside_left + width, inside_top + height))
    # Of equals, min takes the first: above, flush left.
    return min(places, key=lambda place: 10 * covered_area(place, taken) + covered_area(place, faces))


def covered_area(place: Box, others: Sequence[Box]) -> float:
    """How much of other boxes a place covers, in square pixels."""
    return sum(
        max(0.0, min(place.right, other.right) - max(place.left, other.left))
        * max(0.0, min(place.bottom, other.bottom) - max(place.top, other.top))
        for other in others
    )

"""Faces of a photo that is decoded no larger than they need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from castlist.faces.alignment import DEFAULT_TEMPLATE, Template, crop_face
from castlist.faces.detector import reduce
from castlist.faces.finder import find_faces, smallest_face
from castlist.faces.onet import SIDE
from castlist.faces.quality import measure_quality
from castlist.faces.records import Box, Face
from castlist.media import Decoded, OpenPhoto

SCALES = (8, 4, 2, 1)  # at which a JPG is decoded
SMALLEST = 32.0  # pixels of the smallest face to be found in what is decoded: twice as many as YuNet sees of it
SURE = 0.99  # confidence; a photo without such a face is decoded so large that no network could see more of it


class Finder(Protocol):
    """What finds faces, as `find_faces` does; may be called in several threads at once."""

    def __call__(self, pixels: np.ndarray, *, min_face: float | None, template: Template) -> list[Face]: ...


def find_photo_faces(
    photo: OpenPhoto | np.ndarray,
    *,
    min_face: float | None = None,
    template: Template = DEFAULT_TEMPLATE,
    finder: Finder = find_faces,
) -> list[Face]:
    """Find the faces of a photo as `find_faces` does, without decoding more of it than they need.

    Args:
        photo: Opened, or its pixels.
        min_face: As `find_faces` has it, and the template, too.
        template: Where crops have their landmarks.
        finder: What finds faces in pixels.

    Returns:
        The faces, as the finder orders them, boxes and landmarks in pixels of the whole photo.

    Raises:
        PhotoError: If it can't be read.
    """
    if isinstance(photo, np.ndarray):
        return finder(photo, min_face=min_face, template=template)
    wanted = min_face or smallest_face(photo.size)

    def find_in(seen: Decoded) -> list[Face]:
        if seen.scale == 1:
            return finder(seen.pixels, min_face=min_face, template=template)
        return _find_in_small(photo, seen, wanted, template, finder)

    seen = decode_to_find(photo, min_face)
    faces = find_in(seen)
    if max((face.confidence for face in faces), default=0.0) < SURE:
        closer = photo.decode(_scale_of(wanted / SIDE))
        if closer.scale < seen.scale:
            return find_in(closer)
    return faces


def decode_to_find(photo: OpenPhoto, min_face: float | None = None) -> Decoded:
    """Decode a photo as small as finding its faces allows.

    Raises:
        PhotoError: If it can't be read.
    """
    return photo.decode(_scale_of((min_face or smallest_face(photo.size)) / SMALLEST))


def _find_in_small(photo: OpenPhoto, seen: Decoded, min_face: float, template: Template, finder: Finder) -> list[Face]:
    # The networks see what they would of the whole photo: at another size, landmarks lie a little elsewhere.
    small = reduce(seen.pixels, min_face, seen.scale)
    zoom = np.array(seen.pixels.shape[1::-1]) / small.shape[1::-1]
    found = finder(small, min_face=min_face / seen.scale / float(zoom[0]), template=template)
    landmarks = [seen.to_photo(face.landmarks * zoom).astype(np.float32) for face in found]
    crops = crop_faces(photo, seen, landmarks, template)
    faces = []
    for face, points, crop in zip(found, landmarks, crops, strict=True):
        corners = np.array([[face.box.left, face.box.top], [face.box.right, face.box.bottom]])
        box = Box(*seen.to_photo(corners * zoom).ravel().tolist()).clipped(*photo.size)
        faces.append(replace(face, pixels=crop, box=box, landmarks=points, quality=measure_quality(crop, points)))
    return faces


def crop_faces(
    photo: OpenPhoto, seen: Decoded, landmarks: Sequence[np.ndarray], template: Template
) -> list[np.ndarray]:
    """Cut faces out of a photo as `crop_face` does, each from a picture that shows it no smaller than the crop.

    Args:
        photo: Decoded once more where what was seen shows a face smaller.
        seen: What was decoded of it.
        landmarks: Shape (5, 2) each, x and y in pixels of the photo.
        template: Where they shall lie.

    Raises:
        PhotoError: If it can't be read.
    """
    distances = [float(np.linalg.norm(points[1] - points[0])) for points in landmarks]
    shown = [distance >= seen.scale * template.eye_distance for distance in distances]
    closer = seen
    if not all(shown):
        closer = photo.decode(min(seen.scale, _scale_of(min(distances) / template.eye_distance)))
    pictures = [seen if is_shown else closer for is_shown in shown]
    return [
        crop_face(picture.pixels, picture.from_photo(points), template)
        for picture, points in zip(pictures, landmarks, strict=True)
    ]


def _scale_of(most: float) -> int:
    """How much smaller a photo may be decoded, at most so many times."""
    return next((scale for scale in SCALES if scale <= most), 1)

"""Faces in photos: found, aligned, cropped, and judged."""

from castlist.faces.alignment import BY_LANDMARKS, DEFAULT_TEMPLATE, TEMPLATES, Template, crop_face
from castlist.faces.finder import find_faces
from castlist.faces.records import Box, Face, Quality

__all__ = [
    "BY_LANDMARKS",
    "DEFAULT_TEMPLATE",
    "TEMPLATES",
    "Box",
    "Face",
    "Quality",
    "Template",
    "crop_face",
    "find_faces",
]

"""Faces in photos: found, aligned, cropped, and judged."""

from castlist.faces.alignment import DEFAULT_TEMPLATE, TEMPLATES, Template, crop_face
from castlist.faces.detector import detect
from castlist.faces.finder import MIN_FACE, RELATIVE_MIN_FACE, find_faces
from castlist.faces.matching import find_marked_face, match_faces
from castlist.faces.networks import find_package_file, read_checked
from castlist.faces.onnx_format import Graph
from castlist.faces.onnx_reader import Network, Node, read_network
from castlist.faces.photos import Finder, crop_faces, decode_to_find, find_photo_faces
from castlist.faces.quality import is_cut_off, measure_quality
from castlist.faces.records import NO_FACE, Box, Face, Quality
from castlist.faces.weights import ZOO, ZooWeights
from castlist.faces.yunet import YUNET

__all__ = [
    "DEFAULT_TEMPLATE",
    "MIN_FACE",
    "NO_FACE",
    "RELATIVE_MIN_FACE",
    "TEMPLATES",
    "YUNET",
    "ZOO",
    "Box",
    "Face",
    "Finder",
    "Graph",
    "Network",
    "Node",
    "Quality",
    "Template",
    "ZooWeights",
    "crop_face",
    "crop_faces",
    "decode_to_find",
    "detect",
    "find_faces",
    "find_marked_face",
    "find_package_file",
    "find_photo_faces",
    "is_cut_off",
    "match_faces",
    "measure_quality",
    "read_checked",
    "read_network",
]

"""Faces in photos: found, aligned, cropped, and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.faces.alignment import DEFAULT_TEMPLATE as DEFAULT_TEMPLATE
    from castlist.faces.alignment import TEMPLATES as TEMPLATES
    from castlist.faces.alignment import Template as Template
    from castlist.faces.alignment import crop_face as crop_face
    from castlist.faces.detector import detect as detect
    from castlist.faces.detector import warm_up as warm_up
    from castlist.faces.finder import MIN_FACE as MIN_FACE
    from castlist.faces.finder import RELATIVE_MIN_FACE as RELATIVE_MIN_FACE
    from castlist.faces.finder import find_faces as find_faces
    from castlist.faces.matching import find_marked_face as find_marked_face
    from castlist.faces.matching import match_faces as match_faces
    from castlist.faces.networks import find_package_file as find_package_file
    from castlist.faces.networks import read_checked as read_checked
    from castlist.faces.onnx_format import Graph as Graph
    from castlist.faces.onnx_reader import Network as Network
    from castlist.faces.onnx_reader import Node as Node
    from castlist.faces.onnx_reader import read_network as read_network
    from castlist.faces.photos import Finder as Finder
    from castlist.faces.photos import crop_faces as crop_faces
    from castlist.faces.photos import decode_to_find as decode_to_find
    from castlist.faces.photos import find_photo_faces as find_photo_faces
    from castlist.faces.quality import is_cut_off as is_cut_off
    from castlist.faces.quality import measure_quality as measure_quality
    from castlist.faces.records import NO_FACE as NO_FACE
    from castlist.faces.records import Box as Box
    from castlist.faces.records import Face as Face
    from castlist.faces.records import Quality as Quality
    from castlist.faces.weights import ZOO as ZOO
    from castlist.faces.weights import ZooWeights as ZooWeights
    from castlist.faces.yunet import YUNET as YUNET

_ROOMS = {
    "DEFAULT_TEMPLATE": "alignment",
    "MIN_FACE": "finder",
    "NO_FACE": "records",
    "RELATIVE_MIN_FACE": "finder",
    "TEMPLATES": "alignment",
    "YUNET": "yunet",
    "ZOO": "weights",
    "Box": "records",
    "Face": "records",
    "Finder": "photos",
    "Graph": "onnx_format",
    "Network": "onnx_reader",
    "Node": "onnx_reader",
    "Quality": "records",
    "Template": "alignment",
    "ZooWeights": "weights",
    "crop_face": "alignment",
    "crop_faces": "photos",
    "decode_to_find": "photos",
    "detect": "detector",
    "find_faces": "finder",
    "find_marked_face": "matching",
    "find_package_file": "networks",
    "find_photo_faces": "photos",
    "is_cut_off": "quality",
    "match_faces": "matching",
    "measure_quality": "quality",
    "read_checked": "networks",
    "read_network": "onnx_reader",
    "warm_up": "detector",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)

"""Identity vectors of faces: two photos of one person give vectors that lie close."""

from castlist.embeddings.choice import choose_faces
from castlist.embeddings.dlib_weights import BLOCKS, MEAN, SHA256, WEIGHTS, Layer, read_weights
from castlist.embeddings.network import VIEWS, FaceNetwork, default_network, embed, face_network, normalize

__all__ = [
    "BLOCKS",
    "MEAN",
    "SHA256",
    "VIEWS",
    "WEIGHTS",
    "FaceNetwork",
    "Layer",
    "choose_faces",
    "default_network",
    "embed",
    "face_network",
    "normalize",
    "read_weights",
]

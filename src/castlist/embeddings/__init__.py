"""Identity vectors of faces: two photos of one person give vectors that lie close."""

from castlist.embeddings.choice import choose_faces
from castlist.embeddings.keeping import KeptWeights, keep_weights
from castlist.embeddings.network import VIEWS, FaceNetwork, default_network, embed, face_network, normalize

__all__ = [
    "VIEWS",
    "FaceNetwork",
    "KeptWeights",
    "choose_faces",
    "default_network",
    "embed",
    "face_network",
    "keep_weights",
    "normalize",
]

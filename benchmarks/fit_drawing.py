"""Learn to tell drawn faces from photographed ones, on castlist's own drawn cast and on photos.

python benchmarks/fit_drawing.py            writes src/castlist/checks/drawing.npz, and says what it finds

It learns from four of the seven heroes, from LFW's DevTrain people and from two people of `scenes5`, no face in whose
photos it calls drawn. It is asked about the other heroes, about `cartoons5`, and about other people's photos.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from castlist.checks.appearance import FILE, measure_shading
from castlist.checks.looking import CLOSER
from castlist.drawn import draw_cast
from castlist.faces import find_faces
from castlist.media import find_photos, read_photo
from fit_background import PHOTOS, ROOT, people_of_pairs

SIZES = (128, 224, 320)  # of drawn pictures
LEARNT_HEROES, LEARNT_SCENES = 4, 2  # people


def measure(files: Iterable[Path]) -> tuple[np.ndarray, list[Path]]:
    """Of each face that nothing else is wrong with: its numbers, (n, 16), and its photo."""
    rows, paths = [], []
    for file in files:
        for face in find_faces(read_photo(file), template=CLOSER):
            if face.quality.problem is None:
                rows.append(measure_shading(face.pixels))
                paths.append(file)
    return np.stack(rows), paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--out", type=Path, default=ROOT / "src" / "castlist" / "checks" / FILE)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        for size in SIZES:
            draw_cast(Path(name) / str(size), pictures_per_person=30, size=size, seed=size)
        drawn, paths = measure(find_photos([Path(name)]))
    hero = np.unique([path.parent.name for path in paths], return_inverse=True)[1]
    scenes, paths = measure(find_photos([given.photos / "scenes5"]))
    person = np.unique([path.parent.name for path in paths], return_inverse=True)[1]
    lfw = []
    for side in ("Train", "Test"):
        people = sorted(people_of_pairs(given.photos / "lfw" / f"pairsDev{side}.txt"))
        lfw.append(measure(min((given.photos / "lfw" / name).glob("*.jpg")) for name in people)[0])
    photos = np.concatenate([lfw[0], scenes[person < LEARNT_SCENES]])
    learnt = np.concatenate([drawn[hero < LEARNT_HEROES], photos])
    scaler = StandardScaler().fit(learnt)
    model = LogisticRegression(C=0.1, class_weight="balanced", max_iter=5000)
    model.fit(scaler.transform(learnt), np.arange(len(learnt)) < len(learnt) - len(photos))
    weights = model.coef_[0] / scaler.scale_
    bias = -float((photos @ weights).max())
    with given.out.open("wb") as file:
        np.savez(file, weights=weights, bias=bias)
    n_drawn = len(learnt) - len(photos)
    print(f"{given.out.name}: {given.out.stat().st_size} bytes, from {n_drawn} drawn faces and {len(photos)} others")
    asked = {
        "the other heroes": drawn[hero >= LEARNT_HEROES],
        "cartoons5": measure(find_photos([given.photos / "cartoons5"]))[0],
        "LFW's DevTest people": lfw[1],
        "the other people of scenes5": scenes[person >= LEARNT_SCENES],
    }
    for name, rows in asked.items():
        print(f"{name}: {int((rows @ weights + bias > 0).sum())} of {len(rows)} called drawn")
    for name in ("avengers7", "strangers"):
        rows, paths = measure(find_photos([given.photos / name]))
        flagged = [paths[i].relative_to(given.photos).as_posix() for i in np.flatnonzero(rows @ weights + bias > 0)]
        print(f"{name}: {len(flagged)} of {len(rows)} called drawn: {', '.join(flagged)}")


if __name__ == "__main__":
    main()

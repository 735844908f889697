"""Fit the statistics of faces in general that ship with castlist, on the development photos of LFW.

python benchmarks/fit_background.py            writes src/castlist/gallery/background.npz
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.embeddings import choose_faces, embed
from castlist.errors import PhotoError
from castlist.faces import Face, find_faces
from castlist.gallery import Background
from castlist.media import find_cast, read_photo

ROOT = Path(__file__).parents[1]
PHOTOS = ROOT.parent / "shared" / "photos"
SHIPPED = ROOT / "src" / "castlist" / "gallery" / "background.npz"


@dataclass(frozen=True, eq=False)
class Embedded:
    """One face of each photo of a folder of folders."""

    files: np.ndarray  # (n,), str; below the folder
    names: np.ndarray  # (n,), str; the folder a photo lies in
    embeddings: np.ndarray  # (n, 128), float32
    faceless: np.ndarray  # (k,), str; files in which no face is found

    def only(self, rows: np.ndarray) -> Embedded:
        return Embedded(self.files[rows], self.names[rows], self.embeddings[rows], self.faceless)


def embed_folder(folder: Path, cache: Path, *, middle: bool = False) -> Embedded:
    """Embed one face of each photo, or read what an earlier call kept in the folder `cache`.

    Args:
        folder: One folder per person.
        cache: Where to keep the embeddings; delete it when faces or embeddings change.
        middle: Take the face nearest the photo's middle, as LFW is cut; else the one that fits the person's others.
    """
    kept = cache / f"{folder.name}.npz"
    if not kept.is_file():
        files, names, embeddings, faceless = [], [], [], []
        cast = find_cast(folder)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for person in cast.people:
                paths = [photo.path for photo in cast.photos if photo.person == person]
                read = list(pool.map(_find, paths))
                flat = [face.pixels for faces, _ in read for face in faces]
                vectors = embed(np.stack(flat)) if flat else np.zeros((0, 128), np.float32)
                ends = np.cumsum([len(faces) for faces, _ in read])
                parts = np.split(vectors, ends[:-1])
                if middle:
                    chosen = [_middle(faces, shape) for faces, shape in read]
                else:
                    chosen = choose_faces([faces for faces, _ in read], parts)
                for path, part, index in zip(paths, parts, chosen, strict=True):
                    name = path.relative_to(folder).as_posix()
                    if index is None:
                        faceless.append(name)
                    else:
                        files.append(name)
                        names.append(person)
                        embeddings.append(part[index])
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(kept, photos=files, names=names, embeddings=np.array(embeddings), faceless=np.array(faceless, str))
    with np.load(kept) as arrays:
        return Embedded(*(arrays[name] for name in ("photos", "names", "embeddings", "faceless")))


def _find(path: Path) -> tuple[list[Face], tuple[int, ...]]:
    try:
        pixels = read_photo(path)
    except PhotoError:
        return [], (0, 0)
    return find_faces(pixels), pixels.shape


def _middle(faces: list[Face], shape: tuple[int, ...]) -> int | None:
    def distance(i: int) -> float:
        box = faces[i].box
        return (box.left + box.right - shape[1]) ** 2 + (box.top + box.bottom - shape[0]) ** 2

    return min(range(len(faces)), key=distance, default=None)


def lfw_side(photos: Path, cache: Path, side: str) -> Embedded:
    """LFW's faces of the people of a side, "Train" or "Test", one face of each photo."""
    faces = embed_folder(photos / "lfw", cache, middle=True)
    return faces.only(np.isin(faces.names, sorted(people_of_pairs(photos / "lfw" / f"pairsDev{side}.txt"))))


def people_of_pairs(file: Path) -> set[str]:
    """The people of pairsDevTrain.txt or pairsDevTest.txt."""
    rows = [line.split("\t") for line in file.read_text("utf-8").splitlines()[1:]]
    return {row[0] for row in rows} | {row[2] for row in rows if len(row) == 4}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "embeddings")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    given = parser.parse_args()
    faces = embed_folder(given.photos / "lfw", given.cache, middle=True)
    person = np.unique(faces.names, return_inverse=True)[1]
    Background.fit(faces.embeddings, person).save(given.out)
    print(f"{given.out}: {given.out.stat().st_size} bytes, from {len(person)} photos of {person.max() + 1} people")


if __name__ == "__main__":
    main()

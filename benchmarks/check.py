"""What `castlist check` finds of what was planted, and how long it takes.

python benchmarks/check.py names             5 % of the names changed at random, three seeds, on three casts
python benchmarks/check.py leak              60 photos in both of two folders, 30 of them cropped anew
python benchmarks/check.py folders           people divided into two folders, and two people put into one
python benchmarks/check.py large             10,000 photos: time, memory, and a second run
Planted copies of one photo are in duplicates.py.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from castlist.caches import set_cache_folder
from castlist.checks import check_photos
from castlist.checks.cache import cache_file, open_cache
from castlist.checks.folders import find_one_person, find_two_people
from castlist.checks.looking import look_at
from castlist.embeddings import choose_faces
from castlist.gallery import default_background
from castlist.media import find_cast, find_photos, read_photo
from duplicates import crop, encode

ROOT = Path(__file__).parents[1]
PHOTOS = ROOT.parent / "shared" / "photos"

# Looked at one by one among the photos as they are: somebody else, a drawing, or another member of the cast.
KNOWN_WRONG = {
    *(f"chris_evans/achin__steve_rogers{n}" for n in ("74.jpg", "98.jpg", "70.jpg", "48.png", "69.png", "78.jpg")),
    *(f"robert_downey_jr/achin__tony_stark{n}" for n in ("108.jpg", "101.jpg", "107.png", "121.png")),
    "robert_downey_jr/celeb20__023_51dce41c.jpg",
    "mark_ruffalo/joshua__hulk62.png",
    "mark_ruffalo/achin__bruce_banner125.jpg",
    "tom_holland/pins__Tom Holland118_4711.jpg",
    "chris_evans/joshua__cap97.png",
}


def link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source)


def names(photos: Path, share: float, seeds: int) -> None:
    """Files keep their names and get the name of their true folder in front, so that truth travels with them."""
    casts = {"avengers7": ["avengers7"], "strangers": ["strangers"], "both": ["avengers7", "strangers"]}
    print("| cast | seed | names changed | found | flagged | changed or known to be wrong | given back |")
    print("|---|---|---|---|---|---|---|")
    for cast, folders in casts.items():
        files = [(photo.path, photo.person) for folder in folders for photo in find_cast(photos / folder).photos]
        people = sorted({person for _, person in files})
        for seed in range(seeds):
            random = np.random.default_rng(seed)
            changed = set(random.choice(len(files), round(share * len(files)), replace=False).tolist())
            with tempfile.TemporaryDirectory() as folder:
                moved = set()
                for i, (path, person) in enumerate(files):
                    name = random.choice([other for other in people if other != person]) if i in changed else person
                    target = Path(folder) / str(name) / f"{person}--{path.name}"
                    link(path, target)
                    if i in changed:
                        moved.add(target)
                flagged = {
                    path: one.rather
                    for one in check_photos(Path(folder)).findings
                    if one.kind == "wrong-name"
                    for path in one.photos
                }
            wrong = {path for path in flagged if path.name.replace("--", "/", 1) in KNOWN_WRONG}
            found = moved & set(flagged)
            back = sum(flagged[path] == path.name.partition("--")[0] for path in found)
            right, share_found = len(found | wrong), len(found) / len(moved)
            row = [f"{cast}, {len(files)} photos", seed, len(moved), f"{len(found)} ({share_found:.1%})", len(flagged)]
            row += [f"{right} ({right / max(len(flagged), 1):.1%})", back]
            print("|", " | ".join(map(str, row)), "|", flush=True)


def leak(photos: Path, seed: int) -> None:
    """On people of LFW from N to Z, on whom no limit of the search for duplicates was set."""
    random = np.random.default_rng(seed)
    files = [path for path in find_photos([photos / "lfw"]) if path.suffix == ".jpg" and path.parent.name[0] >= "N"]
    files = [files[i] for i in random.permutation(len(files))[:1000]]
    with tempfile.TemporaryDirectory() as folder:
        train, test = Path(folder) / "train", Path(folder) / "test"
        for i, path in enumerate(files):
            link(path, (train if i < 700 else test) / path.parent.name / path.name)
        for i, path in enumerate(files[:60]):
            if i < 30:
                link(path, test / path.parent.name / f"same-{path.name}")
            else:
                target = test / path.parent.name / f"cropped-{path.name}"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(encode(crop(random.uniform(0.1, 0.3))(read_photo(path), random)))
        leaks = [one.photos for one in check_photos(train, against=test).findings if one.kind == "leak"]
    planted = {path.name for pair in leaks for path in pair if path.name.startswith(("same-", "cropped-"))}
    others = [pair for pair in leaks if not any(path.name in planted for path in pair)]
    print(
        f"700 and 360 photos, 60 in both, 30 of these cropped by 10 to 30 %: {len(planted)} found, {len(others)} others"
    )


def folders(photos: Path) -> None:
    """The 17 people of `avengers7` and `strangers`: each in two folders, and with some photos of each other one."""
    background, random = default_background(), np.random.default_rng(0)
    parts, true = [], []
    for name in ("avengers7", "strangers"):
        cast = find_cast(photos / name)
        with open_cache() as cache:
            seen = look_at(cast.photos, cache)
        for person in cast.people:
            mine = [one for photo, one in zip(cast.photos, seen, strict=True) if photo.person == person and one.faces]
            chosen = choose_faces([one.faces for one in mine], [one.embeddings for one in mine])
            parts.append(np.stack([one.embeddings[face] for one, face in zip(mine, chosen, strict=True)]))
            true += [len(parts) - 1] * len(mine)
    embeddings, person, n = np.concatenate(parts), np.array(true), len(parts)
    double = sum(find_two_people(part, background) is not None for part in parts)
    print(f"as they are: {len(find_one_person(embeddings, person, background))} pairs one person, {double} folders two")
    found = others = tried = 0
    for index in range(n):
        for share in (0.5, 0.2):
            rows = random.permutation(np.flatnonzero(person == index))
            divided = person.copy()
            divided[rows[: max(3, round(share * len(rows)))]] = n
            pairs = find_one_person(embeddings, divided, background)
            found, others, tried = found + ((index, n) in pairs), others + len(set(pairs) - {(index, n)}), tried + 1
    print(f"divided into two folders: {found} of {tried} found, {others} others")
    found = tried = 0
    for own in range(n):
        for other in range(n):
            if own != other:
                added = random.permutation(parts[other])[: max(5, round(0.3 * len(parts[own])))]
                found += find_two_people(np.concatenate([parts[own], added]), background) is not None
                tried += 1
    print(f"with photos of somebody else, 30 % as many or all there are: {found} of {tried} found")


def large(photos: Path, count: int, folder: Path) -> None:
    """The photos of all collections, and turned by some degrees as many times as it takes to have so many."""
    files = [path for name in ("lfw", "avengers7", "strangers", "scenes5") for path in find_photos([photos / name])]
    files = [path for path in files if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")]
    random = np.random.default_rng(0)
    for i in range(count):
        path, again = files[i % len(files)], i // len(files)
        collection = path.relative_to(photos).parts[0]  # two have a Roger Federer
        target = folder / f"{collection} {path.parent.name}" / f"{again}-{path.name}"
        if not again:
            link(path, target)
            continue
        pixels = read_photo(path)
        height, width = pixels.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), random.uniform(15, 25), 1.2)
        target.parent.mkdir(parents=True, exist_ok=True)
        turned = cv2.warpAffine(pixels, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
        target.with_suffix(".jpg").write_bytes(encode(turned))
    for run in ("first run", "second run"):
        start, cpu = time.perf_counter(), time.process_time()
        found = check_photos(folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"{run}: {found.n_photos} photos of {len(found.people)} people, {time.perf_counter() - start:.0f} s, "
            f"{time.process_time() - cpu:.0f} s of CPU, peak memory {peak:.2f} GB",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("names", "leak", "folders", "large"))
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "cache", help="folder for what was seen")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--count", type=int, default=10_000)
    given = parser.parse_args()
    set_cache_folder(given.cache)
    if given.what == "names":
        names(given.photos, 0.05, given.seeds)
    elif given.what == "leak":
        leak(given.photos, 0)
    elif given.what == "folders":
        folders(given.photos)
    else:
        cache_file().unlink(missing_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            large(given.photos, given.count, Path(folder))


if __name__ == "__main__":
    main()

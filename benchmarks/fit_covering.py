"""Learn to tell covered faces from others, on LFW with things drawn over faces.

python benchmarks/fit_covering.py            writes src/castlist/checks/covering.npz, and says what it finds

It learns from DevTrain's people with plain shapes; what is asked about DevTest's is how many of other things, never
seen by it, are found: masks, dark glasses, fingers, cups, the back of a head. Things are drawn where a face has its
place on an aligned crop, in pixels of that, and laid over the photo, so that it is blurred and compressed with them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from castlist.checks.covering import FILE, count_edges
from castlist.checks.looking import CLOSER
from castlist.faces import Face, crop_face, find_faces
from castlist.faces.similarity import similarity
from castlist.media import read_photo
from duplicates import encode
from fit_background import PHOTOS, ROOT, people_of_pairs

SIZE, MARGIN = 300, 75  # of the sheet that things are drawn on; the crop lies in its middle
POINTS = np.array(CLOSER.points)
COVERED = (0.2, 0.65)  # of the face, by a thing; dark glasses cover less
RIDGE = 100.0
ASKED = 0.01  # of DevTrain's faces as they are, flagged

Thing = tuple[np.ndarray, np.ndarray]  # where it is, (SIZE, SIZE), 0 to 1; and its pixels, (SIZE, SIZE, 3)
Draw = Callable[[np.ndarray, np.ndarray, np.random.Generator], Thing]  # given a crop and another photo


def ellipse(x: float, y: float, a: float, b: float, angle: float) -> np.ndarray:
    sheet = np.zeros((SIZE, SIZE), np.float32)
    center = (round(MARGIN + x), round(MARGIN + y))
    return cv2.ellipse(sheet, center, (round(a), round(b)), angle, 0, 360, 1.0, -1, cv2.LINE_AA)


def polygon(points: np.ndarray) -> np.ndarray:
    sheet = np.zeros((SIZE, SIZE), np.float32)
    return cv2.fillPoly(sheet, [np.int32((np.asarray(points) + MARGIN) * 8)], 1.0, cv2.LINE_AA, 3)


def shaded(color: np.ndarray, random: np.random.Generator, strength: float = 25, scale: int = 60) -> np.ndarray:
    """A color, lit unevenly, with a little texture."""
    sheet = np.broadcast_to(np.asarray(color, np.float32), (SIZE, SIZE, 3))
    for grain, much in ((scale, strength), (int(random.integers(2, 8)), random.uniform(0, 12))):
        small = random.normal(size=(max(2, SIZE // grain),) * 2).astype(np.float32)
        noise = cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        sheet = sheet + much * (noise / np.abs(noise).max())[:, :, None]
    return np.clip(sheet, 0, 255)


def any_color(random: np.random.Generator) -> np.ndarray:
    return random.integers(0, 256, 3).astype(np.float32)


def skin(crop: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.median(crop[60:100, 40:110].reshape(-1, 3), axis=0) * random.uniform(0.85, 1.08)


def part_of(photo: np.ndarray, random: np.random.Generator) -> np.ndarray:
    side = min(photo.shape[:2]) // 2
    y, x = (int(random.integers(0, length - side)) for length in photo.shape[:2])
    return cv2.resize(photo[y : y + side, x : x + side], (SIZE, SIZE)).astype(np.float32)


def draw_blob(crop: np.ndarray, photo: np.ndarray, random: np.random.Generator) -> Thing:
    angle, away = random.uniform(0, 2 * np.pi), random.uniform(15, 60)
    n = int(random.integers(5, 10))
    turn, radius = np.sort(random.uniform(0, 2 * np.pi, n)), random.uniform(28, 60, n)
    x, y = 74 + 0.8 * away * np.cos(angle), 75 + away * np.sin(angle)
    where = polygon(np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)]))
    return where, shaded(any_color(random), random)


def draw_patch(crop: np.ndarray, photo: np.ndarray, random: np.random.Generator) -> Thing:
    return draw_blob(crop, photo, random)[0], part_of(photo, random)


def draw_band(crop: np.ndarray, photo: np.ndarray, random: np.random.Generator) -> Thing:
    y = random.choice([46, 75, 100, 120]) + random.uniform(-10, 10)
    box = ((74.0, float(y)), (400.0, random.uniform(22, 45)), random.uniform(-25, 25))
    kind = random.random()
    color = skin(crop, random) if kind < 0.35 else any_color(random)
    return polygon(cv2.boxPoints(box)), part_of(photo, random) if kind > 0.8 else shaded(color, random)


def draw_side(crop: np.ndarray, photo: np.ndarray, random: np.random.Generator) -> Thing:
    """All of one side, or all below."""
    y, x = np.indices((SIZE, SIZE)) - MARGIN
    beyond = x - random.uniform(35, 75) + (y - 75) * random.uniform(-0.4, 0.4)
    where = (beyond < 0).astype(np.float32)[:, :: 1 if random.random() < 0.5 else -1]
    if random.random() < 0.4:
        where = (y > random.uniform(85, 100)).astype(np.float32)
    return where, shaded(any_color(random), random) if random.random() < 0.5 else part_of(photo, random)


def draw_lump(crop: np.ndarray, photo: np.ndarray, random: np.random.Generator) -> Thing:
    """Something of the color of the skin."""
    x, y = random.uniform(30, 118), random.uniform(35, 125)
    where = np.zeros((SIZE, SIZE), np.float32)
    for _ in range(int(random.integers(2, 5))):
        shift, sizes = random.uniform(-22, 22, 2), (random.uniform(12, 30), random.uniform(15, 45))
        where = np.maximum(where, ellipse(x + shift[0], y + shift[1], *sizes, random.uniform(0, 180)))
    light = 0.6 + 0.4 * cv2.GaussianBlur(where, (0, 0), 5)
    return where, shaded(skin(crop, random), random, 30, 40) * light[:, :, None]


def draw_eye_patches(crop: np.ndarray, photo: np.ndarray, random: np.random.Generator) -> Thing:
    sizes = random.uniform(15, 25), random.uniform(11, 20)
    where = np.maximum(*(ellipse(x + random.uniform(-4, 4), 47 + random.uniform(-5, 6), *sizes, 0) for x in (47, 101)))
    return where, shaded(any_color(random) * random.choice([0.25, 0.5, 1]), random, 15)


def draw_mask(crop: np.ndarray, photo: np.ndarray, random: np.random.Generator) -> Thing:
    top = 68 + random.uniform(-6, 8)
    half = np.array([(14, top - 4), (45, top + 2), (74, top - 8), (74, 152), (48, 146), (22, 118)])
    outline = np.concatenate([half[:3], [(103, top + 2), (134, top - 4), (126, 118), (100, 146)], half[3:]])
    color = ((150, 190, 215), (235, 238, 240), (35, 35, 40), (90, 130, 160))[int(random.integers(4))]
    pixels = shaded(np.array(color), random, 18, 50)
    for fold in (18, 36, 54):
        pixels[round(MARGIN + top + fold) :][:2] *= 0.85
    return polygon(outline + random.normal(0, 1.5, outline.shape)), pixels


def draw_glasses(crop: np.ndarray, photo: np.ndarray, random: np.random.Generator) -> Thing:
    width, height = random.uniform(22, 27), random.uniform(14, 20)
    where = polygon(np.array([(47, 38), (101, 38), (101, 43), (47, 43)]))
    for x in (47, 101):
        low = 48 + 0.6 * height
        lens = [(x - width, 36), (x + width, 36), (x + width - 3, low), (x, 46 + height), (x - width + 3, low)]
        where = np.maximum(where, polygon(np.array(lens)))
    y, x = np.indices((SIZE, SIZE))
    shine = np.clip(1 - np.abs((x - y + random.uniform(-60, 60)) % 90 - 45) / 12, 0, 1) * random.uniform(0, 70)
    return where, np.repeat((random.uniform(8, 45) + shine)[:, :, None], 3, axis=2)


def draw_fingers(crop: np.ndarray, photo: np.ndarray, random: np.random.Generator) -> Thing:
    places = ((74, 112), (40, 95), (108, 95), (48, 55), (100, 55), (74, 50))
    center = np.array(places[int(random.integers(6))]) + random.uniform(-8, 8, 2)
    angle = random.uniform(0, 180)
    across = np.array([-np.sin(np.radians(angle)), np.cos(np.radians(angle))])
    where = lines = np.zeros((SIZE, SIZE), np.float32)
    for i in range(4):
        finger = ellipse(*(center + across * (i - 1.5) * 15), random.uniform(30, 40), 9, angle)
        lines = np.maximum(lines, finger - cv2.erode(finger, np.ones((5, 5))))
        where = np.maximum(where, finger)
    dark = 1 - 0.35 * cv2.GaussianBlur(lines, (0, 0), 1.2)
    return where, shaded(skin(crop, random), random, 14, 30) * dark[:, :, None]


def draw_cup(crop: np.ndarray, photo: np.ndarray, random: np.random.Generator) -> Thing:
    x, y, half = 74 + random.uniform(-12, 12), 88 + random.uniform(-8, 8), random.uniform(34, 46)
    body = polygon(np.array([(x - half, y), (x + half, y), (x + 0.75 * half, y + 90), (x - 0.75 * half, y + 90)]))
    round_ = 1 - 0.35 * ((np.indices((SIZE, SIZE))[1] - MARGIN - x) / half) ** 2
    pixels = any_color(random) * round_[:, :, None] + 20
    if random.random() < 0.5:
        pixels[round(MARGIN + y + 25) :][:20] = any_color(random)
    rim = ellipse(x, y, half, 8, 0)
    return np.maximum(body, rim), np.clip(np.where(rim[:, :, None] > 0.5, 0.6 * pixels + 70, pixels), 0, 255)


def draw_head(crop: np.ndarray, photo: np.ndarray, random: np.random.Generator) -> Thing:
    x, y = ((74, 140), (20, 110), (128, 110), (45, 130), (105, 130))[int(random.integers(5))]
    color = ((30, 25, 22), (60, 42, 28), (110, 80, 50), (120, 115, 110))[int(random.integers(4))]
    hair = cv2.resize(random.normal(size=(SIZE, SIZE // 5)).astype(np.float32), (SIZE, SIZE))
    where = ellipse(x, y, random.uniform(45, 55), random.uniform(52, 66), random.uniform(-15, 15))
    return where, np.clip(np.array(color) + 14 * hair[:, :, None], 0, 255)


LEARNT: tuple[Draw, ...] = (draw_blob, draw_patch, draw_band, draw_side, draw_lump, draw_eye_patches)
OTHERS: tuple[Draw, ...] = (draw_mask, draw_glasses, draw_fingers, draw_cup, draw_head)
FACE = ellipse(74, 75, 48, 64, 0)


def cover(pixels: np.ndarray, face: Face, draw: Draw, photo: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A photo with something drawn over a face."""
    for _ in range(12):
        where, thing = draw(face.pixels, photo, random)
        if draw in (draw_glasses, draw_eye_patches) or COVERED[0] <= (where * FACE).sum() / FACE.sum() <= COVERED[1]:
            break
    matrix = similarity(face.landmarks - 0.5, POINTS + MARGIN)
    blur = max(0.4, 0.5 * float(np.hypot(*matrix[:, 0])))
    back, size = cv2.invertAffineTransform(matrix), pixels.shape[1::-1]
    thing = cv2.GaussianBlur(thing.astype(np.float32), (0, 0), blur)
    thing = cv2.warpAffine(thing, back, size, borderMode=cv2.BORDER_REPLICATE)
    share = cv2.warpAffine(cv2.GaussianBlur(where, (0, 0), blur), back, size)[:, :, None]
    mixed = pixels * (1 - share) + thing * share + random.normal(0, 1.5, pixels.shape)
    return read_photo(encode(np.clip(mixed, 0, 255).astype(np.uint8)))


def nearest(faces: list[Face], x: float, y: float, limit: float = np.inf) -> Face | None:
    def away(face: Face) -> float:
        return float(np.hypot(*(face.landmarks.mean(axis=0) - (x, y))))

    best = min(faces, key=away, default=None)
    return best if best is not None and away(best) < limit else None


def crop_varied(pixels: np.ndarray, landmarks: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A face from a photo that may be cut tight or lit from a side, its landmarks not quite right."""
    eyes = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    landmarks = landmarks + random.normal(0, 0.05 * eyes, (5, 2)) + random.normal(0, 0.05 * eyes, 2)
    if random.random() < 0.5:
        low = np.maximum(landmarks.mean(axis=0) - random.uniform(0.9, 2.2, 2) * eyes, 0).astype(np.int64)
        high = (landmarks.mean(axis=0) + random.uniform(0.9, 2.2, 2) * eyes).astype(np.int64)
        pixels, landmarks = pixels[low[1] : high[1], low[0] : high[0]], landmarks - low
    crop = crop_face(pixels, landmarks, CLOSER)
    if random.random() < 0.5:
        y, x = np.indices(crop.shape[:2]) / len(crop) - 0.5
        angle = random.uniform(0, 2 * np.pi)
        light = 1 + random.uniform(0, 1.6) * (x * np.cos(angle) + y * np.sin(angle))
        bright = (crop / 255) ** random.uniform(0.7, 1.8) * np.clip(light, 0.08, 2)[:, :, None]
        crop = np.clip(255 * bright, 0, 255).astype(np.uint8)
    return crop


def look(
    files: list[Path], draws: tuple[Draw, ...] = (), each: int = 0, varied: int = 0
) -> tuple[np.ndarray, np.ndarray, int]:
    """Edges of faces as they are and covered, (n, values); which thing covers each or -1; how many aren't found again.

    Args:
        files: Photos; the face in the middle is taken, if nothing else is wrong with it.
        draws: Things to draw.
        each: How many of them over each face.
        varied: How many crops of each face as it is, varied; also of covered ones then. With none, a face is cropped
            as it is, and covered ones are looked for in the photo anew.
    """
    edges, what, lost = [], [], 0
    for i, file in enumerate(files):
        random, pixels = np.random.default_rng(i), read_photo(file)
        face = nearest(find_faces(pixels, template=CLOSER), pixels.shape[1] / 2, pixels.shape[0] / 2)
        if face is None or face.quality.problem:
            continue
        crops = [crop_varied(pixels, face.landmarks, random) for _ in range(varied)] or [face.pixels]
        numbers = [-1] * len(crops)
        other = read_photo(files[(i * 7 + 13) % len(files)])
        for k in range(each):
            number = (each * i + k) % len(draws)
            covered = cover(pixels, face, draws[number], other, random)
            if varied:
                crops.append(crop_varied(covered, face.landmarks, random))
            elif found := nearest(
                find_faces(covered, template=CLOSER), *face.landmarks.mean(axis=0), face.quality.eye_distance
            ):
                crops.append(found.pixels)
            else:
                lost += 1
                continue
            numbers.append(number)
        edges += [count_edges(crop) for crop in crops]
        what += numbers
    return np.stack(edges), np.array(what), lost


def learn(edges: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """Ridge logistic regression by Newton's method: weights, and the bias last."""
    middle, scale = edges.mean(axis=0), edges.std(axis=0) + 1e-3
    x = np.column_stack([(edges - middle) / scale, np.ones(len(edges))]).astype(np.float64)
    ridge = np.append(np.full(edges.shape[1], RIDGE), 1e-9)
    weights = np.zeros(x.shape[1])
    for _ in range(12):
        p = 1 / (1 + np.exp(-x @ weights))
        weights -= np.linalg.solve((x.T * (p * (1 - p))) @ x + np.diag(ridge), x.T @ (p - covered) + ridge * weights)
    return np.append(weights[:-1] / scale, weights[-1] - middle / scale @ weights[:-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--out", type=Path, default=ROOT / "src" / "castlist" / "checks" / FILE)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    random, sides = np.random.default_rng(0), []
    for side in ("Train", "Test"):
        people = sorted(people_of_pairs(given.photos / "lfw" / f"pairsDev{side}.txt"))
        files = [path for person in people for path in sorted((given.photos / "lfw" / person).glob("*.jpg"))]
        sides.append([files[i] for i in random.permutation(len(files))])
    train, test = sides
    edges, what, _ = look(train[:600], LEARNT, 3, varied=3)
    weights = learn(edges, what >= 0)
    # The faces as they are that it has not learnt from say where to draw the line.
    others, _, _ = look(train[600:1400])
    weights[-1] -= np.quantile(others @ weights[:-1] + weights[-1], 1 - ASKED)
    with given.out.open("wb") as file:
        np.savez(file, weights=weights[:-1].astype(np.float32), bias=np.float32(weights[-1]))
    edges, what, lost = look(test[:300], OTHERS, 2)
    more, _, _ = look(test[300:1000])
    flagged = edges @ weights[:-1] + weights[-1] > 0
    plain = np.append(flagged[what < 0], more @ weights[:-1] + weights[-1] > 0)
    print(f"{given.out}: {given.out.stat().st_size} bytes")
    print(f"as they are: {plain.sum()} of {len(plain)} flagged")
    print(f"covered: {lost} of {lost + (what >= 0).sum()} no longer found as faces")
    for number, draw in enumerate(OTHERS):
        some = flagged[what == number]
        print(f"{draw.__name__}: {some.sum()} of {len(some)} found ({some.mean():.1%})")
    print(f"all: {flagged[what >= 0].mean():.1%}")


if __name__ == "__main__":
    main()

"""Every photo of a folder, looked at once and remembered."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from castlist.checks.appearance import face_looks_drawn, looks_drawn
from castlist.checks.cache import Cache, CheckedFace, CheckedPhoto
from castlist.checks.covering import looks_covered
from castlist.duplicates import DuplicatePair, PhotoSignature, find_duplicates, sign_photo
from castlist.embeddings import embed
from castlist.errors import PhotoError
from castlist.faces import TEMPLATES, Box, crop_faces, decode_to_find, find_marked_face, find_photo_faces, is_cut_off
from castlist.media import Photo, open_photo, read_file
from castlist.threads import OnCount, work_ahead

CLOSER = TEMPLATES["dlib-150"]  # shows a face larger: covered and drawn faces are told by it
_CHUNK = 64  # photos decoded ahead; bounds the memory
_NO_FACES = np.zeros((0, 0), np.float32)

logger = logging.getLogger(__name__)


def look_at(photos: Sequence[Photo], cache: Cache, on_count: OnCount | None = None) -> list[CheckedPhoto]:
    """Read each photo, find its faces and embed them; what the cache knows isn't done again."""
    seen: list[CheckedPhoto] = []
    for start in range(0, len(photos), _CHUNK):
        some = photos[start : start + _CHUNK]
        digests = list(work_ahead(_digest, some))
        known = [cache.find(digest, photo.person) for digest, photo in zip(digests, some, strict=True)]
        missing = [i for i, photo in enumerate(known) if photo is None]
        for i, photo in zip(missing, _look([some[i] for i in missing]), strict=True):
            known[i] = photo
            cache.keep(digests[i], some[i].person, photo)
        logger.debug("%d photos: %d of them seen before", len(some), len(some) - len(missing))
        if missing:
            cache.commit()
        seen += [photo for photo in known if photo is not None]
        if on_count:
            on_count(start + len(some), len(photos))
    return seen


def find_pairs(
    signatures: Sequence[PhotoSignature], cache: Cache, on_count: OnCount | None = None
) -> list[DuplicatePair]:
    """The duplicates among photos; a search among the same contents isn't done again."""
    stamp = hashlib.sha256("".join(signature.digest for signature in signatures).encode()).hexdigest()
    pairs = cache.find_pairs(stamp)
    if pairs is None:
        pairs = find_duplicates(signatures, on_count)
        cache.keep_pairs(stamp, pairs)
    return pairs


def _digest(photo: Photo) -> str:
    try:
        digest = hashlib.sha256(read_file(photo.path)).hexdigest()
        return f"{digest} {photo.mark}" if photo.mark else digest
    except PhotoError as error:
        return str(error)  # there is no content to know it by; what can't be opened is asked again each time


def _look(photos: Sequence[Photo]) -> list[CheckedPhoto]:
    found = list(work_ahead(_decode, photos))
    crops = [crop for one in found if not isinstance(one, PhotoError) for crop in one[1]]
    vectors = iter(embed(np.stack(crops)) if crops else ())
    seen = []
    for one in found:
        if isinstance(one, PhotoError):
            seen.append(CheckedPhoto(None, one.message, (), _NO_FACES))
            continue
        photo, _ = one
        rows = [next(vectors) for _ in photo.faces]
        seen.append(replace(photo, embeddings=np.stack(rows)) if rows else photo)
    return seen


def _decode(photo: Photo) -> tuple[CheckedPhoto, list[np.ndarray]] | PhotoError:
    """What a photo shows, still without embeddings, and the crops of its faces."""
    try:
        data = read_file(photo.path)
        opened = open_photo(data)
        shown = decode_to_find(opened)
        faces = [find_marked_face(opened, Box(*photo.mark))] if photo.mark else find_photo_faces(opened)
        closer = crop_faces(opened, shown, [face.landmarks for face in faces], CLOSER)
    except PhotoError as error:
        return error
    width, height = opened.size
    kept = []
    for face, crop in zip(faces, closer, strict=True):
        cut_off = is_cut_off(face.landmarks, height, width)
        # Edges tell nothing more of a face that is small, blurred or turned away.
        covered = face.quality.problem is None and looks_covered(crop)
        kept.append(CheckedFace(face.box, face.confidence, face.quality, cut_off, covered))
    clear = [face_looks_drawn(crop) for face, crop in zip(faces, closer, strict=True) if face.quality.problem is None]
    drawn = bool(clear) and all(clear) if faces else looks_drawn(shown.pixels)
    seen = CheckedPhoto(sign_photo(data, shown.pixels, opened.size), None, tuple(kept), _NO_FACES, drawn)
    return seen, [face.pixels for face in faces]

"""A run learnt anew with the newest eyes, from the photos it knows.

In each photo the face is found again that the run knows, by the network that the run was made with; what the newest
network says of it takes the place of what the run knew. Nothing of the run changes before all photos were looked at.
"""

from __future__ import annotations

import dataclasses
import datetime
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.arguments import checked
from castlist.embeddings import FaceNetwork, default_network
from castlist.errors import Message, PhotoError, RunError
from castlist.faces import NO_FACE, Finder, crop_faces, decode_to_find, find_faces, find_photo_faces
from castlist.gallery import Background, Gallery, Lookalikes, read_beside
from castlist.media import RefusedPhoto, open_photo
from castlist.paths import as_path, unspell
from castlist.people.changing import APART, need_changeable, put_people
from castlist.run import Change, Run, RunFolder, check_files, load_gallery, put_network
from castlist.settings import DLIB, FaceSettings
from castlist.threads import OnCount, work_ahead

logger = logging.getLogger(__name__)

Known = tuple[str, bytes]  # a photo of a run, and what the run knew of the face in it

TRIES = 5  # to look at what others enrol meanwhile
ALIKE = 0.7  # cosine, from the middle of all faces, that the same face has before and now


@dataclass(frozen=True)
class Renewal:
    """What became of a run that was learnt anew."""

    run: Run
    photos: int  # that it was learnt from
    lost: tuple[RefusedPhoto, ...]  # that it knew, and doesn't any more


@checked
def refresh(path: str | os.PathLike[str], *, on_count: OnCount | None = None, finder: Finder = find_faces) -> Renewal:
    """Learn a run of the model `face` anew with the newest networks, from the photos it knows, enrolled ones too.

    Names, their order, the sides of photos, the stranger rate and what can be undone stay; a photo that isn't found any
    more, or whose face isn't, leaves the run. A network of the user's own stays, with the statistics beside it.

    Nothing changes until all photos were looked at; whoever came or left meanwhile stays or stays away. The report is
    removed; `renew_report` makes it anew.

    Args:
        path: The run folder.
        on_count: Told how many photos are looked at, of how many.
        finder: What finds faces in photos.

    Raises:
        CastlistError: If the run is of another model, somebody's photos are all gone, or others change it all the time.
    """
    folder = RunFolder(as_path(path))
    seen: dict[Known, np.ndarray | Message] = {}
    for _ in range(TRIES):
        run, gallery, before = folder.read(_open)
        network = before if _own_network(run.settings) else default_network()
        look = _Look(before, network, gallery.background.mean, run.settings, finder)
        _look_at(run, gallery, look, seen, on_count)
        learnt = _learn(run, gallery, network, seen)
        lost, lost_apart = (
            [(one[0], why) for one in _all_known(side) if isinstance(why := seen[one], Message)]
            for side in (gallery, gallery.lookalikes)
        )
        with folder.change() as change:
            is_same = change.run.generation == run.generation
            if is_same:
                _put(change, learnt, network, lost)
        if is_same:
            logger.info("a run was learnt anew from %d photos", len(learnt.photos))
            every = tuple(RefusedPhoto(place_of(run, file), why) for file, why in lost + lost_apart)
            return Renewal(change.run, len(learnt.photos), every)
    raise RunError(
        "changed-while-refreshed",
        "The run {path!r} was changed again and again while its photos were looked at. Try again: "
        "castlist refresh {path!r}.",
        path=str(folder.path),
    )


def _open(run: Run) -> tuple[Run, Gallery, FaceNetwork]:
    """A run that can be learnt anew, its people, and the network that saw them."""
    need_changeable(run)
    run, gallery = load_gallery(run)
    check_files(run)
    return run, gallery, FaceNetwork.load(run.face_network_path)


def _learn(run: Run, gallery: Gallery, network: FaceNetwork, seen: Mapping[Known, np.ndarray | Message]) -> Gallery:
    """A gallery of the same people by what the newest network saw."""
    found = [seen[one] for one in _all_known(gallery)]
    kept = [row for row, one in enumerate(found) if isinstance(one, np.ndarray)]
    _need_everybody(run, gallery, kept)
    background = _background(run.settings, network)
    learnt = Gallery.fit(
        gallery.people,
        np.stack([one for one in found if isinstance(one, np.ndarray)]),
        gallery.person[kept],
        [gallery.photos[row] for row in kept],
        stranger_rate=gallery.stranger_rate,
        background=background,
        own_background=background is None and not network.is_default,
    )
    renewed = _renewed(gallery.lookalikes, [seen[one] for one in _all_known(gallery.lookalikes)])
    return dataclasses.replace(learnt, lookalikes=renewed)


def place_of(run: Run, file: str) -> Path:
    """Where a photo of a run lay when it came into the run; of a look-alike that lay nowhere, where nothing is."""
    if file in run.places:
        return Path(unspell(run.places[file]))
    return run.photo_path(file) or Path(run.photos_root, unspell(file.lstrip(APART)))


@dataclass(frozen=True, eq=False)
class _Look:
    """Finds the face again that a run knows."""

    before: FaceNetwork  # whose embedding the run has
    now: FaceNetwork
    middle: np.ndarray  # (values,), of embeddings of the network before
    settings: FaceSettings
    finder: Finder

    def at(self, photo: Path, known: np.ndarray) -> np.ndarray | Message:
        """What the network says now of the face with an embedding; or why it can't."""
        try:
            opened, smallest = open_photo(photo), self.settings.min_face
            faces = find_photo_faces(opened, min_face=smallest, template=self.now.template, finder=self.finder)
            landmarks = [face.landmarks for face in faces]
            crops = crop_faces(opened, decode_to_find(opened, smallest), landmarks, self.before.template)
        except PhotoError as error:
            return error.message
        if not faces:
            return NO_FACE
        places = self.before.embed(np.stack(crops), views=self.settings.views) - self.middle
        place = known - self.middle
        alike = places @ place / (np.linalg.norm(places, axis=1) * np.linalg.norm(place) + 1e-9)
        best = int(alike.argmax())
        if alike[best] < ALIKE:
            return Message("face-gone", "the face that the run knows isn't found in it any more")
        vector: np.ndarray = self.now.embed(faces[best].pixels[None], views=self.settings.views)[0]
        return vector


def _look_at(
    run: Run, gallery: Gallery, look: _Look, seen: dict[Known, np.ndarray | Message], on_count: OnCount | None
) -> None:
    """Look at the photos of a run that weren't looked at yet."""
    known = dict.fromkeys(one for one in (*_all_known(gallery), *_all_known(gallery.lookalikes)) if one not in seen)

    def at(one: Known) -> np.ndarray | Message:
        file, data = one
        return look.at(place_of(run, file), np.frombuffer(data, np.float32))

    for done, (one, found) in enumerate(zip(known, work_ahead(at, known), strict=True), start=1):
        seen[one] = found
        if on_count:
            on_count(done, len(known))


def _all_known(people: Gallery | Lookalikes) -> list[Known]:
    return [(file, vector.tobytes()) for file, vector in zip(people.photos, people.embeddings, strict=True)]


def _renewed(lookalikes: Lookalikes, found: Sequence[np.ndarray | Message]) -> Lookalikes:
    """Look-alikes as they are seen now; whose photo isn't found any more is left out."""
    renewed = Lookalikes()
    for person, file, one in zip(lookalikes.person.tolist(), lookalikes.photos, found, strict=True):
        if isinstance(one, np.ndarray):
            renewed = renewed.add(person, one[None], [file])
    return renewed


def _background(settings: FaceSettings, network: FaceNetwork) -> Background | None:
    own = _own_network(settings)
    return read_beside(own, network.digest) if own else None


def _own_network(settings: FaceSettings) -> Path | None:
    return Path(settings.network) if settings.network not in (None, DLIB) else None


def _need_everybody(run: Run, gallery: Gallery, kept: Iterable[int]) -> None:
    there = set(gallery.person[list(kept)].tolist())
    if gone := [name for i, name in enumerate(gallery.people) if i not in there]:
        raise RunError(
            "refresh-loses-people",
            "No photo of {people} is found any more that the run {path!r} knows. Bring the photos back to {root!r}, or "
            "have the run forget the person first: castlist forget.",
            people=", ".join(gone),
            path=str(run.path),
            root=run.photos_root,
        )


def _put(change: Change, gallery: Gallery, network: FaceNetwork, lost: list[tuple[str, Message]]) -> None:
    """Have the run be what was learnt anew, and nothing left of before."""
    put_people(change, gallery, {file: None for file, _ in lost})
    put_network(change, network)
    run = change.run
    change.run = dataclasses.replace(
        run,
        settings=run.settings if _own_network(run.settings) else dataclasses.replace(run.settings, network=None),
        notes=tuple(note for note in run.notes if gallery.own_background or note.code != "statistics-guessed"),
        refused=(*run.refused, *((file, reason) for file, reason in lost)),
        # Whoever holds the run as it was has embeddings of another network, and must not add them.
        created=datetime.datetime.now().astimezone().isoformat(),
    )

"""A run names photos: what was learnt on new pictures, without Keras."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, cast

import numpy as np

from castlist.embeddings import FaceNetwork
from castlist.errors import PhotoError, RunError
from castlist.faces import MIN_FACE, RELATIVE_MIN_FACE, Box, Face, find_faces
from castlist.gallery import UNKNOWN as NOBODY
from castlist.gallery import Answers, Gallery
from castlist.media import UNKNOWN, read_photo, resize_photo
from castlist.naming.classifier import Network, answers_of
from castlist.run import Run, RunFolder, load_gallery
from castlist.threads import work_ahead

BATCH = 32  # photos decoded and named together; bounds the memory
NO_PIXELS = np.empty((0, 0, 3), np.uint8)

T = TypeVar("T")
Seen = list[Face] | np.ndarray | PhotoError  # the faces of a photo, the whole of it, or why it can't be read


@dataclass(frozen=True)
class NamedFace:
    """One answer: who it is, how probable that is, and who else it might be."""

    name: str  # of a person, or UNKNOWN
    probability: float  # of the answer, 0 to 1
    others: tuple[tuple[str, float], ...]  # the other answers, the most probable first
    box: Box | None = None  # where the face is; None: the whole photo
    problem: str | None = None  # why an unknown face may be unknown: "too small", "too blurred", "turned away"


@dataclass(frozen=True)
class NamedPhoto:
    """A photo and the answers for it, or why there are none."""

    path: Path
    faces: tuple[NamedFace, ...]  # largest first; empty when there is no face
    problem: str | None = None  # why the file can't be read as a photo


class Recognizer:
    """Names people in photos with a finished run; may be shared by threads."""

    def __init__(
        self,
        run: Run,
        *,
        network: Network | None = None,
        face_network: FaceNetwork | None = None,
        gallery: Gallery | None = None,
    ) -> None:
        """Put a recognizer together; `load` does it from a run folder.

        Args:
            run: For the names and the settings.
            network: The trained Keras model, where the run has one.
            face_network: Where the run was learnt from faces.
            gallery: Where the run was learnt from faces.
        """
        self.run = run
        self.network = network
        self.face_network = face_network
        self.gallery = gallery

    @classmethod
    def load(cls, path: Path) -> Recognizer:
        """Open a run folder for naming.

        Raises:
            RunError: If the folder is no run, is broken, or its training isn't finished.
        """
        return RunFolder(path).read(cls._put_together)

    @classmethod
    def _put_together(cls, run: Run) -> Recognizer:
        if not run.complete:
            raise RunError(
                "run-unfinished",
                "The training of {path!r} isn't finished. Finish it: castlist resume {path!r}.",
                path=str(run.path),
            )
        if not run.settings.faces:
            return cls(run, network=Network(run.network_path))
        run, gallery = load_gallery(run)
        return cls(
            run,
            network=Network(run.network_path) if run.has_network else None,
            face_network=FaceNetwork.load(run.face_network_path),
            gallery=gallery,
        )

    def name_pixels(self, photos: Sequence[np.ndarray], *, repeat: bool = False) -> list[tuple[NamedFace, ...]]:
        """Name the people in decoded photos.

        Args:
            photos: n arrays of shape (height, width, 3), uint8, RGB, upright.
            repeat: Whether a person may appear more than once in a photo, as in a collage.

        Returns:
            For each photo its faces, largest first; of a run on whole photos always one answer.
        """
        return self._name([self.look(pixels) for pixels in photos], repeat)

    def name_photos(
        self, paths: Sequence[Path], *, repeat: bool = False, thorough: bool = False
    ) -> Iterator[NamedPhoto]:
        """Name the people in photo files, in order; a file that can't be read is an answer with its problem.

        Args:
            paths: Photos.
            repeat: As for `name_pixels`.
            thorough: Look for faces half as large, too: for hiding them.
        """
        for some, seen in self._look_at(paths, thorough):
            yield from _put_together(some, seen, self._name(_readable(seen), repeat))

    def name_album(
        self,
        paths: Sequence[Path],
        *,
        repeat: bool = False,
        thorough: bool = False,
        on_count: Callable[[int, int], None] | None = None,
    ) -> list[NamedPhoto]:
        """Name the people in photo files with each other's help, as `Gallery.answer_together` does.

        One known photo of each person then names nearly as many as twenty, and strangers who are like somebody of the
        cast are told by their other photos. An answer depends on what else is asked; nothing is kept.

        Args:
            paths: Photos; the answers are in their order.
            repeat: As for `name_pixels`.
            thorough: As for `name_photos`.
            on_count: Told how many photos have been looked at, of how many.

        Raises:
            RunError: If the run's names come from a Keras model.
        """
        if self.network is not None or self.gallery is None:
            raise RunError(
                f"Photos are named together by the model face. The run {str(self.run.path)!r} is of the model "
                f"{self.run.settings.model}: name its photos each for itself."
            )
        seen: list[list[Face] | PhotoError] = []
        vectors = [self._embed([])]
        for _, some in self._look_at(paths, thorough):
            batch = cast(list[list[Face] | PhotoError], some)
            vectors.append(self._embed([face for faces in _readable(batch) for face in faces]))
            for one in batch:  # without the crops, so that the memory stays small
                seen.append(one if isinstance(one, PhotoError) else [replace(face, pixels=NO_PIXELS) for face in one])
            if on_count:
                on_count(len(seen), len(paths))
        embeddings = np.concatenate(vectors)
        answers = self.gallery.answer_together(embeddings)
        return list(_put_together(paths, seen, _describe_photos(answers, _readable(seen), repeat)))

    def _look_at(self, paths: Sequence[Path], thorough: bool) -> Iterator[tuple[Sequence[Path], list[Seen]]]:
        """Some of the paths after the others, and what is seen in each."""

        def look(path: Path) -> Seen:
            try:
                return self.look(read_photo(path), thorough=thorough)
            except PhotoError as error:
                return error

        seen = work_ahead(look, paths, ahead=BATCH)
        for start in range(0, len(paths), BATCH):
            some = paths[start : start + BATCH]
            yield some, list(itertools.islice(seen, len(some)))

    def look(self, pixels: np.ndarray, *, thorough: bool = False) -> list[Face] | np.ndarray:
        """What naming needs of a photo, and no more: its faces, or the whole of it as small as the network sees it."""
        if self.face_network is not None:
            # A minimum that was set for naming is no reason to leave small faces open.
            half = max(MIN_FACE, RELATIVE_MIN_FACE / 2 * min(pixels.shape[:2]))
            min_face = half if thorough else self.run.settings.min_face
            return find_faces(pixels, min_face=min_face, template=self.face_network.template)
        assert self.network is not None, "a run on whole photos has a network"
        return resize_photo(pixels, self.network.image_size)

    def answer(self, faces: Sequence[Face]) -> Answers:
        """Say who each face is, each for itself.

        Raises:
            RunError: If the run knows no faces, only whole photos.
        """
        gate = self._gate(faces)
        if self.network is None:
            return gate
        return answers_of(self.run.people, self.network.probabilities(self._squares(faces)), gate)

    def answer_track(self, looks: Sequence[Face]) -> Answers:
        """Say who one face is that was seen several times, as one answer.

        Args:
            looks: At least one, in order of time; a model of sequences reads them as one, for any other their answers
                are averaged.

        Raises:
            RunError: If the run knows no faces, only whole photos.
        """
        together = np.arange(len(looks))[None]
        if self.network is None or self.network.frames is None:
            return self.answer(looks).merged(together)
        gate = self._gate(looks).merged(together)
        sequence = self.network.as_sequence(self._squares(looks))
        return answers_of(self.run.people, self.network.probabilities(sequence[None]), gate)

    def _gate(self, faces: Sequence[Face]) -> Answers:
        """What the gallery says."""
        embeddings = self._embed(faces)
        assert self.gallery is not None, "a run with a face network has a gallery"
        return self.gallery.answer(embeddings)

    def _embed(self, faces: Sequence[Face]) -> np.ndarray:
        if self.face_network is None:
            raise RunError(f"The run {str(self.run.path)!r} was learnt from whole photos; it knows no faces.")
        size = self.face_network.template.size
        crops = np.array([face.pixels for face in faces], np.uint8).reshape(-1, size, size, 3)
        return self.face_network.embed(crops, views=self.run.settings.views)

    def _squares(self, faces: Sequence[Face]) -> np.ndarray:
        """Faces as the network sees them."""
        assert self.network is not None, "asked before"
        side = self.network.image_size
        return np.array([resize_photo(face.pixels, side) for face in faces], np.uint8).reshape(-1, side, side, 3)

    def _name(self, seen: Sequence[list[Face] | np.ndarray], repeat: bool) -> list[tuple[NamedFace, ...]]:
        if not seen:
            return []
        if self.face_network is None:
            assert self.network is not None, "a run on whole photos has a network"
            answers = answers_of(self.run.people, self.network.probabilities(np.stack(cast(list[np.ndarray], seen))))
            return [(named,) for named in describe_answers(answers)]
        photos = cast(list[list[Face]], seen)
        return _describe_photos(self.answer([face for found in photos for face in found]), photos, repeat)


def _readable(seen: Sequence[T | PhotoError]) -> list[T]:
    return [one for one in seen if not isinstance(one, PhotoError)]


def _put_together(
    paths: Sequence[Path], seen: Sequence[object], named: Sequence[tuple[NamedFace, ...]]
) -> Iterator[NamedPhoto]:
    """The answers for the readable photos in their places among all."""
    rest = iter(named)
    for path, one in zip(paths, seen, strict=True):
        yield NamedPhoto(path, (), str(one)) if isinstance(one, PhotoError) else NamedPhoto(path, next(rest))


def _describe_photos(answers: Answers, photos: Sequence[list[Face]], repeat: bool) -> list[tuple[NamedFace, ...]]:
    """The answers for the faces of some photos, one after the other, as names for each photo."""
    named, start = [], 0
    for faces in photos:
        mine = answers[start : start + len(faces)]
        named.append(tuple(describe_answers(mine if repeat else mine.once_each(), faces)))
        start += len(faces)
    return named


def describe_answers(answers: Answers, faces: Sequence[Face] | None = None) -> list[NamedFace]:
    """Put answers into names, most probable others first.

    Args:
        answers: Of n faces.
        faces: The same n faces, for their boxes and their quality; None for whole photos.
    """
    names = (*answers.people, UNKNOWN)  # so that NOBODY, -1, is the last
    described = []
    for i, (index, row) in enumerate(zip(answers.named.tolist(), answers.probabilities.tolist(), strict=True)):
        order = sorted(range(len(names)), key=lambda k: -row[k])
        others = tuple((names[k], row[k]) for k in order if k != index % len(names) and row[k] > 0)
        face = faces[i] if faces else None
        described.append(
            NamedFace(
                name=names[index],
                probability=row[index],
                others=others,
                box=face.box if face else None,
                problem=face.quality.problem if face and index == NOBODY else None,
            )
        )
    return described

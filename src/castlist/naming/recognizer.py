"""A run names photos: what was learnt on new pictures, without Keras, as the run is at this moment."""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from castlist.arguments import checked
from castlist.embeddings import FaceNetwork
from castlist.errors import PhotoError, RunError, SettingsError
from castlist.faces import Finder, find_faces
from castlist.gallery import Answers, Gallery
from castlist.naming.answers import BEST, NamedFace, NamedPhoto
from castlist.naming.classifier import Network
from castlist.naming.eyes import Eyes, FaceEyes
from castlist.naming.generation import Generation, open_generation
from castlist.naming.namers import no_faces, not_together
from castlist.naming.seeing import Seen
from castlist.paths import as_path, from_anywhere
from castlist.run import Run, RunFolder, need_same
from castlist.threads import OnCount, Stop

logger = logging.getLogger(__name__)


class Recognizer:
    """Names people in photos with a finished run; may be shared by threads.

    Others may change the run meanwhile: whoever was enrolled is named from then on, whoever was forgotten no more.
    """

    def __init__(
        self,
        run: Run,
        *,
        network: Network | None = None,
        face_network: FaceNetwork | None = None,
        gallery: Gallery | None = None,
        finder: Finder = find_faces,
    ) -> None:
        """Put a recognizer together that stays as it is; `load` opens a run folder, and follows its changes.

        Args:
            run: For the names and the settings.
            network: The trained Keras model, where the run has one.
            face_network: Where the run was learnt from faces.
            gallery: Where the run was learnt from faces.
            finder: What finds faces in photos.
        """
        self._folder: RunFolder | None = None
        self._finder = finder
        self._state = Generation(run, network, face_network, gallery, finder=finder)
        self._opening = threading.Lock()

    @classmethod
    @checked
    def load(cls, path: str | os.PathLike[str], *, finder: Finder = find_faces) -> Recognizer:
        """Open a run folder for naming.

        Args:
            path: The folder.
            finder: What finds faces in photos.

        Raises:
            RunError: If the folder is no run, is broken, or its training isn't finished.
        """
        folder = RunFolder(from_anywhere(as_path(path)))
        state = open_generation(folder, finder)
        recognizer = cls(state.run, finder=finder)
        recognizer._folder, recognizer._state = folder, state
        return recognizer

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Where it goes to another process, the folder is opened anew there: no network or embedding travels."""
        if self._folder is None:
            return super().__reduce_ex__(protocol)
        return functools.partial(Recognizer.load, finder=self._finder), (self._folder.path,)

    @property
    def run(self) -> Run:
        """The run's record, of the newest generation."""
        return self._now().run

    @property
    def network(self) -> Network | None:
        """The trained Keras model, where the run has one."""
        return self._now().network

    @property
    def face_network(self) -> FaceNetwork | None:
        """What embeds faces, where the run was learnt from faces."""
        return self._now().face_network

    @property
    def gallery(self) -> Gallery | None:
        """The people as embeddings, where the run was learnt from faces."""
        return self._now().gallery

    @property
    def eyes(self) -> Eyes:
        """What sees for this run: `eyes.see` turns photos into records, which `name` names."""
        return self._now().eyes

    @property
    def face_eyes(self) -> FaceEyes:
        """The same, for who needs faces.

        Raises:
            RunError: If the run knows no faces, only whole photos.
        """
        now = self._now()
        if isinstance(now.eyes, FaceEyes):
            return now.eyes
        raise no_faces(now.run)

    @checked
    def name(
        self, seen: Seen, *, repeat: bool = False, together: bool = False, best: int = BEST
    ) -> list[tuple[NamedFace, ...]]:
        """Name what was seen of photos by the eyes of this run.

        Args:
            seen: A record of n photos.
            repeat: Whether a person may appear more than once in a photo, as in a collage.
            together: Let photos help to name each other, as `Gallery.answer_together` does.
            best: How many other answers to tell of each face.

        Returns:
            For each of the n photos its faces, largest first; of a run on whole photos one answer where it can be read.

        Raises:
            RunError: If photos can't help each other, since the run's names come from a Keras model.
            SettingsError: If `best` is below 0.
        """
        if best < 0:
            raise SettingsError("best-number", "best must be 0 or more. Got {best} instead.", best=best)
        return self._now().name(seen, repeat=repeat, together=together, best=best)

    @checked
    def answer_tracks(self, seen: Seen) -> Answers:
        """Say who one face is that was seen several times, as one answer for each photo of a record.

        Args:
            seen: The faces of each photo are the looks at one face, at least one, in order of time; a model of
                sequences reads them as one, for any other their answers are averaged.

        Raises:
            RunError: If the run knows no faces, only whole photos.
        """
        return self._now().namer.answer_tracks(seen)

    @checked
    def name_pixels(self, photos: Sequence[np.ndarray], *, repeat: bool = False) -> list[tuple[NamedFace, ...]]:
        """Name the people in decoded photos.

        Args:
            photos: n arrays of shape (height, width, 3), uint8, RGB, upright.
            repeat: As for `name`.

        Returns:
            For each photo its faces, as `name` gives them.

        Raises:
            PhotoError: If one of them is no such array.
        """
        seen = Seen.merge(self.eyes.see(photos))
        for problem in filter(None, seen.problems):
            raise PhotoError("pixels-unnamed", "pixels that can't be named: {reason}", reason=problem)
        return self.name(seen, repeat=repeat)

    @checked
    def name_photos(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        repeat: bool = False,
        thorough: bool = False,
        on_count: OnCount | None = None,
        stop: Stop | None = None,
        n_threads: int | None = None,
    ) -> Iterator[NamedPhoto]:
        """Name the people in photo files, in order; a file that can't be read is an answer with its problem.

        Args:
            paths: Photos, taken one by one.
            repeat: As for `name`.
            thorough: Look for faces half as large, too: for hiding them.
            on_count: As for `Eyes.see`.
            stop: As for `Eyes.see`.
            n_threads: As for `Eyes.see`.

        Raises:
            RunError: If the run is deleted or trained anew meanwhile.
        """
        began = self._now()
        for seen in began.eyes.see(paths, thorough=thorough, on_count=on_count, stop=stop, n_threads=n_threads):
            yield from _put_together(seen, self._still(began).name(seen, repeat=repeat))

    @checked
    def name_album(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        repeat: bool = False,
        thorough: bool = False,
        on_count: OnCount | None = None,
        stop: Stop | None = None,
        n_threads: int | None = None,
    ) -> list[NamedPhoto]:
        """Name the people in photo files with each other's help, as `Gallery.answer_together` does.

        One known photo of each person then names nearly as many as twenty, and strangers who are like somebody of the
        cast are told by their other photos. An answer depends on what else is asked; nothing is kept.

        Args:
            paths: Photos; the answers are in their order.
            repeat: As for `name`.
            thorough: As for `name_photos`.
            on_count: As for `Eyes.see`.
            stop: As for `Eyes.see`.
            n_threads: As for `Eyes.see`.

        Raises:
            RunError: If the run's names come from a Keras model, or it is deleted or trained anew meanwhile.
        """
        began = self._now()
        if began.network is not None:  # told before the long look
            raise not_together(began.run)
        records = began.eyes.see(paths, thorough=thorough, on_count=on_count, stop=stop, n_threads=n_threads)
        seen = Seen.merge(records)
        return list(_put_together(seen, self._still(began).name(seen, repeat=repeat, together=True)))

    def _still(self, began: Generation) -> Generation:
        """The run as it is now, to which what its eyes have seen since then must mean the same."""
        now = self._now()
        need_same(now.run, began.run)
        return now

    def _now(self) -> Generation:
        """The run as it is at this moment; as long as nobody changes it, this costs one look at the file's stamp."""
        if self._folder is None:
            return self._state
        if (stamp := self._folder.stamp()) is None:
            raise RunError("run-gone", "The run {path!r} is gone. Choose another one.", path=str(self._folder.path))
        if stamp != self._state.stamp:
            with self._opening:
                if stamp != self._state.stamp:
                    self._state = open_generation(self._folder, self._finder, before=self._state)
                    logger.info("The run has changed: it is read anew")
        return self._state


def _put_together(seen: Seen, named: Sequence[tuple[NamedFace, ...]]) -> Iterator[NamedPhoto]:
    for path, faces, problem in zip(seen.paths, named, seen.problems, strict=True):
        if path is None:
            raise PhotoError("photos-by-path", "Photo files are named by their paths; for pixels there is name_pixels.")
        yield NamedPhoto(path, faces, problem)

"""A run as it is at one moment, opened: what sees for it and what names."""

from __future__ import annotations

from dataclasses import dataclass

from castlist.embeddings import FaceNetwork
from castlist.errors import CastlistError, RunError
from castlist.faces import Finder, find_faces
from castlist.gallery import Gallery
from castlist.naming.answers import BEST, NamedFace, describe_photos
from castlist.naming.classifier import Network
from castlist.naming.eyes import Eyes, FaceEyes, WholeEyes
from castlist.naming.namers import FaceClassifier, GalleryNamer, Namer, WholeClassifier
from castlist.naming.seeing import Seen
from castlist.run import FACE_FILES, Run, RunFolder, Stamp, check_files, load_gallery, other_file
from castlist.threads import submit


@dataclass(frozen=True, eq=False)
class Generation:
    """One generation of a run, opened."""

    run: Run
    network: Network | None
    face_network: FaceNetwork | None
    gallery: Gallery | None
    stamp: Stamp | None = None
    finder: Finder = find_faces

    @property
    def eyes(self) -> Eyes:
        if self.face_network is None:
            assert self.network is not None, "a run on whole photos has a network"
            return WholeEyes(self.network.image_size)
        side = 0 if self.network is None else self.network.image_size
        return FaceEyes(self.face_network, self.run.settings.min_face, self.run.settings.views, side, self.finder)

    @property
    def namer(self) -> Namer:
        if self.network is None:
            assert self.gallery is not None, "a run with a face network has a gallery"
            return GalleryNamer(self.gallery)
        if self.gallery is None:
            return WholeClassifier(self.run, self.network)
        return FaceClassifier(self.run, self.network, self.gallery)

    def name(
        self, seen: Seen, *, repeat: bool = False, together: bool = False, best: int = BEST
    ) -> list[tuple[NamedFace, ...]]:
        """Name a record, as `Recognizer.name` does."""
        if not len(seen.photo):
            return [()] * len(seen)
        if isinstance(self.eyes, FaceEyes):
            self.eyes.need_own(seen)
        answers = self.namer.answer_together(seen) if together else self.namer.answer(seen)
        return describe_photos(answers, seen, repeat=repeat, best=best)


def open_generation(folder: RunFolder, finder: Finder = find_faces, *, before: Generation | None = None) -> Generation:
    """Open a run as it is now.

    Args:
        folder: The run's.
        finder: What finds faces in photos.
        before: An earlier generation: its face network is used on where it has the content that the record tells of.

    Raises:
        RunError: If the folder is no run, is broken, or its training isn't finished.
    """
    # Before reading: a change in between is noticed the next time.
    stamp = folder.stamp()

    def load(run: Run) -> Generation:
        if not run.complete:
            raise RunError(
                "run-unfinished",
                "The training of {path!r} isn't finished. Finish it: castlist resume {path!r}.",
                path=str(run.path),
            )
        try:
            return open_parts(run)
        except CastlistError:
            check_files(run)  # of a damaged file there is nothing else to say
            raise

    def open_parts(run: Run) -> Generation:
        faces = run.settings.faces
        gallery = face_network = None
        known: tuple[str, ...] = ()
        if faces:
            loaded = submit(load_gallery, run)  # while the network is opened, which takes as long
            face_network = before.face_network if before else None
            if not (face_network and face_network.is_of(run.face_digests)):
                face_network = FaceNetwork.load(run.face_network_path)
            if face_network.is_of(run.face_digests):
                known = FACE_FILES
            run, gallery = loaded.result()
            if face_network.n_values != gallery.embeddings.shape[1]:
                raise other_file(run, FACE_FILES[0])
        generation = Generation(
            run,
            network=Network(run.network_path, n_people=len(run.people)) if run.has_network else None,
            face_network=face_network,
            gallery=gallery,
            stamp=stamp,
            finder=finder,
        )
        check_files(run, known=known)
        return generation

    return folder.read(load)

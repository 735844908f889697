"""Who is seen in a film, from when to when: faces are followed, and each is named once, by its best looks."""

from __future__ import annotations

import bisect
import os
from array import array
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from castlist.arguments import checked
from castlist.embeddings import normalize
from castlist.errors import Message, PhotoError, RunError
from castlist.faces import MIN_FACE, RELATIVE_MIN_FACE, Box, Face, Template, crop_face, detect, measure_quality
from castlist.gallery import Answers
from castlist.media import Film, Frame
from castlist.naming.answers import NamedFace, describe_answers
from castlist.naming.eyes import Sight
from castlist.naming.films.records import NamedFilm, Track, join_tracks
from castlist.naming.films.tracking import SURE, Look, Tracker, Trail, fill_boxes
from castlist.naming.recognizer import Recognizer
from castlist.naming.seeing import Seen
from castlist.paths import as_path
from castlist.threads import OnCount, Stop, count_cores, submit

LOOKS = 12.0  # frames a second in which faces are looked for
EMBEDDED = 4  # every fourth look also tells who it is: in between, a face is followed by where it is
BESIDE = 1.0  # of a face's size; where another is as near, each look tells who it is
PLAIN = "plain"  # the view that a face is followed by
ACCEPTED = -1.0  # log-odds; weaker than for photos: a face that was just there is believed more easily
HIDING_START = 0.5  # score that begins a track when faces are to be hidden, as in photos: better a hand than no face
SMOOTHING = 0.08  # seconds
AHEAD = 2 * count_cores()  # frames that are looked at at the same time; bounds the memory
MIN_SECONDS = 0.2  # of a track that counts as seen; shorter ones are mostly no face
THUMBNAIL = (32, 18)
ALMOST = 0.004  # seconds that a look may come early: containers round their times to thousandths
CUT = 0.4  # correlation of two neighboring frames below which a new scene begins; a fast pan stays above
WHOLE = 0.9  # share of the frames a film says it has, or of its length, below which it was cut short


@checked
def name_film(
    path: str | os.PathLike[str],
    recognizer: Recognizer,
    *,
    thorough: bool = False,
    on_count: OnCount | None = None,
    stop: Stop | None = None,
) -> NamedFilm:
    """Follow the faces of a film and name each of them.

    A track is named by its best looks, whose answers are averaged, or which a model of sequences reads in order; of
    tracks seen at the same time no two are the same person. Memory grows with the number of faces, and of the frames
    by a number each.

    Args:
        path: The film.
        recognizer: Of a run that knows faces.
        thorough: Look for smaller faces, and believe doubtful ones: for hiding them.
        on_count: Told how many frames are done, and of how many (0: the film doesn't say).
        stop: Asked before each frame; then the film is named as far as it was seen.

    Raises:
        PhotoError: If the file can't be read as a film; the message is the reason, without the path.
        RunError: If the run knows no faces, only whole photos.
        MissingExtraError: If what reads films isn't installed.
    """
    viewer = _view(path, recognizer, thorough, on_count, stop)
    tracks = viewer.tracks()
    return NamedFilm(
        path=viewer.film.path,
        rate=viewer.film.rate,
        n_frames=viewer.n_frames,
        tracks=tracks,
        sightings=join_tracks(tracks),
        problem=viewer.problem,
    )


def see_film(
    path: str | os.PathLike[str], recognizer: Recognizer, *, stop: Stop | None = None
) -> tuple[tuple[SeenTrack, ...], Message | None]:
    """Follow the faces of a film, and name nobody.

    Args:
        path: The film.
        recognizer: As for `name_film`.
        stop: As for `name_film`.

    Returns:
        The tracks that are surely of faces, in order of appearance, from left to right; why the film ends early, if so.

    Raises:
        CastlistError: As `name_film`.
    """
    viewer = _view(path, recognizer, False, None, stop)
    sure = [one for one in viewer.seen if one.is_sure]
    return tuple(sorted(sure, key=lambda one: (one.start, float(one.boxes[0, 0])))), viewer.problem


def name_tracks(
    recognizer: Recognizer, looks: Seen, best: Sequence[int], frames: Sequence[np.ndarray]
) -> list[NamedFace]:
    """Name the tracks of a film, nobody twice at the same time.

    Args:
        recognizer: Of a run that knows faces.
        looks: A record of n photos: each holds the looks at one track, in order of time.
        best: Which look of each track is described.
        frames: For each track, the frames in which it was found, or any other marks of time.
    """
    answers = name_apart(recognizer.answer_tracks(looks), frames)
    return describe_answers(answers, looks.faces(np.cumsum(looks.counts) - looks.counts + best))


def _view(
    path: str | os.PathLike[str], recognizer: Recognizer, thorough: bool, on_count: OnCount | None, stop: Stop | None
) -> _Viewer:
    """See a whole film, or as far as one isn't told to stop."""
    if recognizer.face_network is None or recognizer.gallery is None:
        raise RunError(
            "film-needs-faces",
            "The run {path!r} was learnt from whole photos; films need one of faces.",
            path=str(recognizer.run.path),
        )
    film = Film.open(as_path(path))
    viewer = _Viewer(film, recognizer, thorough)
    for frame in film.frames():
        if stop and stop():
            break
        viewer.see(frame)
        if on_count:
            on_count(frame.index + 1, film.n_frames)
    viewer.finish()
    if not viewer.n_frames:
        raise PhotoError("film-no-picture", "a film without a single picture that can be read")
    return viewer


@dataclass(frozen=True, eq=False)
class SeenTrack:
    """What is kept of a face that is out of sight."""

    looks: Seen  # one photo: its best looks, in order of time, that name it
    best: int  # which of them is the best
    frames: np.ndarray  # (looks,), int32; where it was found
    boxes: np.ndarray  # (frames, 4), float32
    start: float  # seconds
    end: float
    confidence: float

    @property
    def is_sure(self) -> bool:
        """Whether it is surely a face, and seen for more than a moment."""
        return self.confidence >= SURE and self.end - self.start >= MIN_SECONDS


class _Viewer:
    """Sees a film frame by frame, and remembers faces, not frames."""

    def __init__(self, film: Film, recognizer: Recognizer, thorough: bool) -> None:
        assert recognizer.gallery is not None, "a run of faces has a gallery"
        self.film, self._recognizer = film, recognizer
        self._eyes, self._center = recognizer.face_eyes, recognizer.gallery.background.mean
        self._thorough = thorough
        self._due = 0.0  # seconds, of the next look
        self._n_looks = 0
        # A minimum that was set for naming is no reason to show small faces.
        self._min_face = None if thorough else recognizer.run.settings.min_face
        self._relative_min_face = RELATIVE_MIN_FACE / (2 if thorough else 1)
        self._tracker = Tracker(HIDING_START if thorough else SURE)
        self._thumbnail: np.ndarray | None = None
        self._coming: deque[tuple[float, bool, Future[list[Look]]]] = deque()  # seconds, whether a scene begins, faces
        self._scenes = [0]  # first frames
        self.seen: list[SeenTrack] = []
        self._times = array("d")  # when each frame is shown
        self.n_frames = 0
        self._reached = 0.0  # seconds of the film's own clock

    def see(self, frame: Frame) -> None:
        """Take in the next frame."""
        before, self._thumbnail = self._thumbnail, _contrast(frame.thumbnail(*THUMBNAIL))
        is_cut = before is not None and float((before * self._thumbnail).mean()) < CUT
        if is_cut:
            self._scenes.append(frame.index)
        self._times.append(frame.seconds)
        if is_cut or frame.seconds >= self._due - ALMOST:
            # From when it was due: frames don't come just then, and the looks shouldn't become fewer by it.
            self._due = min(max(self._due, frame.seconds - 1 / LOOKS), frame.seconds) + 1 / LOOKS
            known = is_cut or self._n_looks % EMBEDDED == 0
            self._n_looks += 1
            self._coming.append((frame.seconds, is_cut, submit(partial(self._look, is_known=known), frame)))
        if len(self._coming) > AHEAD:
            self._follow()
        self.n_frames = frame.index + 1
        self._reached = float(frame.ticks * self.film.tick) + 1 / self.film.rate

    def finish(self) -> None:
        """Take in what is still to come."""
        while self._coming:
            self._follow()
        self._end(self._tracker.finish())

    def _follow(self) -> None:
        seconds, is_cut, looks = self._coming.popleft()
        self._end(self._tracker.update(looks.result(), seconds, is_cut=is_cut))

    def tracks(self) -> tuple[Track, ...]:
        """All faces seen, named."""
        if not self.seen:
            return ()
        # All at once, at the end: a name is of the run as it is then.
        looks = Seen.merge(seen.looks for seen in self.seen)
        best, frames = [seen.best for seen in self.seen], [seen.frames for seen in self.seen]
        named = name_tracks(self._recognizer, looks, best, frames)
        tracks = [
            Track(
                face=face,
                start=seen.start,
                end=seen.end,
                first=int(seen.frames[0]),
                boxes=seen.boxes,
                scene=self._scene(int(seen.frames[0])),
                is_sure=seen.is_sure,
            )
            for face, seen in zip(named, self.seen, strict=True)
        ]
        return tuple(sorted(tracks, key=lambda track: track.first))

    @property
    def problem(self) -> Message | None:
        """Why the film ends early, if it does."""
        # Where frames weren't counted, but guessed from the length, they may come as unevenly as they like.
        seen, whole = (self._reached, self.film.end) if self.film.end else (self.n_frames, self.film.n_frames)
        if seen >= WHOLE * whole:
            return None
        return Message(
            "film-cut-short",
            "damaged or cut short after {done} of {total} frames",
            {"done": self.n_frames, "total": self.film.n_frames},
        )

    def _end_of(self, frame: int) -> float:
        """Until when a frame is shown."""
        return self._times[frame + 1] if frame + 1 < len(self._times) else self._times[frame] + 1 / self.film.rate

    def _scene(self, frame: int) -> tuple[int, int]:
        bounds = [*self._scenes, self.n_frames]
        following = bisect.bisect_right(self._scenes, frame)
        return bounds[following - 1], bounds[following]

    def _look(self, frame: Frame, is_known: bool) -> list[Look]:
        min_face = self._min_face or max(MIN_FACE, self._relative_min_face * min(frame.pixels.shape[:2]))
        faces = find_upright(frame.pixels, min_face, self._eyes.network.template)
        told = [face for face in faces if is_known or is_beside(face, faces)]
        known: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        if told:
            embeddings = self._eyes.network.embed(np.stack([face.pixels for face in told]), views=PLAIN)
            vectors = normalize(embeddings - self._center)
            known = dict(zip(map(id, told), zip(vectors, embeddings, strict=True), strict=True))
        return [Look(frame.index, frame.seconds, face, *known.get(id(face), ())) for face in faces]

    def _end(self, trails: Sequence[Trail]) -> None:
        """Embed what will name them now, so that their crops needn't be kept."""
        for trail in trails:
            looks = sorted(trail.best, key=lambda look: look.frame)
            sight = Sight(self.film.path, faces=[look.face for look in looks])
            # Those that were told already, unless the run looks at each face in more views than following needs.
            known = [look.embedding if self._eyes.views == PLAIN else None for look in looks]
            self.seen.append(
                SeenTrack(
                    looks=self._eyes.keep([sight], known),
                    best=max(range(len(looks)), key=lambda i: looks[i].worth),
                    frames=np.array(trail.frames, np.int32),
                    boxes=fill_boxes(trail.frames, trail.boxes, SMOOTHING, np.array(self._times)),
                    start=trail.seconds[0],
                    end=self._end_of(trail.frames[-1]),
                    confidence=trail.confidence,
                )
            )


def find_upright(pixels: np.ndarray, min_face: float, template: Template) -> list[Face]:
    """Find the faces of a frame: as `find_faces`, but a film is upright, and frames without faces are common."""
    found = detect(pixels, min_face, ACCEPTED, may_be_turned=False)
    height, width = pixels.shape[:2]
    faces = []
    for edges, score, landmarks in zip(found.boxes.tolist(), found.scores.tolist(), found.landmarks, strict=True):
        crop = crop_face(pixels, landmarks, template)
        box = Box(*edges).clipped(width, height)
        faces.append(Face(crop, box, landmarks, score, measure_quality(crop, landmarks)))
    return faces


def is_beside(face: Face, faces: Sequence[Face]) -> bool:
    """Whether another face of the frame is so near that where they are may not tell which is which."""
    box = face.box
    reach = BESIDE * max(box.width, box.height)
    around = Box(box.left - reach, box.top - reach, box.right + reach, box.bottom + reach)
    return any(other is not face and around.common(other.box) > 0 for other in faces)


def name_apart(answers: Answers, frames: Sequence[np.ndarray]) -> Answers:
    """Name tracks so that nobody is seen twice at the same time: the surest name first.

    Args:
        answers: Of n tracks, each for itself.
        frames: For each track, the frames in which its face was found.
    """
    seen = [set(each.tolist()) for each in frames]
    named = np.full(len(answers), -1)
    sure = np.argwhere(answers.gains > 0)
    for track, person in sure[np.argsort(-answers.gains[tuple(sure.T)], kind="stable")].tolist():
        if named[track] < 0 and all(seen[track].isdisjoint(seen[other]) for other in np.flatnonzero(named == person)):
            named[track] = person
    return replace(answers, named=named)


def _contrast(thumbnail: np.ndarray) -> np.ndarray:
    """A small frame with mean 0 and variance 1, so that a flash or a fade is no new scene."""
    values = thumbnail.astype(np.float32)
    return np.asarray((values - values.mean()) / max(float(values.std()), 1.0))

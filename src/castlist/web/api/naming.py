"""Who is in photos and films that are sent; nothing of them is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, UploadFile
from pydantic import Field

from castlist.errors import PhotoError
from castlist.naming import NamedFace, Recognizer, Seen
from castlist.run import need_same
from castlist.threads import work_ahead
from castlist.web.api.common import At, Language, Sent, Sentence, edges
from castlist.web.desk import Desk
from castlist.web.uploads import Uploads, name_sent_film, problem_of_photo, read_upload, seems_film

router = APIRouter(tags=["name"])


class Other(Sent):
    """Who else a face might be."""

    name: str
    probability: float


class Face(Sent):
    """A face, and who it is."""

    name: str = Field(description='Of a person, or "unknown".', examples=["Ann"])
    probability: float
    perhaps: str | None = Field(description="Of an unknown face: who is likelier than nobody, but not surely it.")
    others: list[Other]
    box: list[float] | None = Field(description="Left, top, right, bottom; pixels of the upright photo.")
    problem: Sentence | None = Field(description="Why an unknown face may be unknown.")
    confidence: float | None = Field(default=None, description="That it is a face, 0 to 1.")
    embedding: list[float] | None = Field(
        default=None, description="What the run's network says of it, where asked for."
    )

    @classmethod
    def of(cls, face: NamedFace, language: str) -> Face:
        """A face as it is sent."""
        return cls(
            name=face.name,
            probability=face.probability,
            perhaps=face.perhaps,
            others=[Other(name=name, probability=probability) for name, probability in face.others],
            box=edges(face.box),
            problem=None if face.problem is None else Sentence.of(face.problem, language),
        )


class Photo(Sent):
    """A photo, and who is in it."""

    number: int = Field(description="Which of what was sent, from 1.", examples=[1])
    width: int = Field(description="Of the upright photo; 0: it can't be read.")
    height: int
    faces: list[Face] = Field(description="The largest first.")
    problem: Sentence | None = Field(description="Why it can't be read.")


class Sighting(Sent):
    """Somebody is seen from when to when."""

    name: str
    probability: float
    perhaps: str | None
    start: float = Field(description="Seconds.")
    end: float


class SeenFilm(Sent):
    """A film, and who is in it when."""

    number: int
    sightings: list[Sighting]
    problem: Sentence | None = Field(description="Why it ends early, or can't be read at all.")


class Named(Sent):
    """Who is in what was sent."""

    run: str
    generation: int = Field(description="Of the run, by which the photos were named.")
    photos: list[Photo]
    films: list[SeenFilm]


@router.post("/name")
def name(
    desk: At,
    language: Language,
    photos: Uploads,
    run: Annotated[str | None, Query(description="By default the newest.", examples=["avengers"])] = None,
    together: Annotated[bool, Query(description="Let the photos help each other to be named.")] = False,
    repeat: Annotated[bool, Query(description="Whether a person may be twice in a photo.")] = False,
    embeddings: Annotated[bool, Query(description="Send the faces' embeddings, too.")] = False,
) -> Named:
    """Name the people in photos and films, in the order in which they were sent."""
    run = run or desk.newest_run()
    recognizer = desk.recognizer(run)
    films = [i for i, upload in enumerate(photos) if seems_film(upload)]
    stills = [i for i in range(len(photos)) if i not in films]
    problems = {i: problem_of_photo(desk, photos[i]) for i in stills}
    shown = [i for i in stills if problems[i] is None]
    began = recognizer.run
    eyes = recognizer.eyes

    def look(place: int) -> Seen:
        return Seen.merge(eyes.see([read_upload(photos[place])]))

    # Each photo is one piece of work from its bytes to its embeddings: whoever came first is answered first, where
    # steps of one request after those of all others would let everybody wait for the last.
    seen = Seen.merge(work_ahead(look, shown))
    while True:
        need_same(recognizer.run, began)
        now = recognizer.run.generation
        named = recognizer.name(seen, together=together, repeat=repeat)
        if recognizer.run.generation == now:  # else somebody came or left meanwhile
            break
    answers = dict(zip(shown, _photos(seen, named, shown, language, embeddings), strict=True))
    for i, problem in problems.items():
        if problem:
            answers[i] = Photo(number=i + 1, width=0, height=0, faces=[], problem=Sentence.of(problem, language))
    return Named(
        run=run,
        generation=now,
        photos=[answers[i] for i in stills],
        films=[_film(desk, photos[i], recognizer, i + 1, language) for i in films],
    )


def _photos(
    seen: Seen, named: Sequence[tuple[NamedFace, ...]], places: Sequence[int], language: str, embeddings: bool
) -> Iterator[Photo]:
    row = 0
    for i, (place, faces, problem) in enumerate(zip(places, named, seen.problems, strict=True)):
        sent = []
        for face in faces:
            one = Face.of(face, language)
            if not seen.is_whole:
                one.confidence = float(seen.confidences[row])
                one.embedding = np.round(seen.embeddings[row], 6).tolist() if embeddings else None
            sent.append(one)
            row += 1
        width, height = seen.sizes[i].tolist()
        why = None if problem is None else Sentence.of(problem, language)
        yield Photo(number=place + 1, width=width, height=height, faces=sent, problem=why)


def _film(desk: Desk, upload: UploadFile, recognizer: Recognizer, number: int, language: str) -> SeenFilm:
    try:
        found = name_sent_film(desk, upload, recognizer)
    except PhotoError as error:
        return SeenFilm(number=number, sightings=[], problem=Sentence.of(error.message, language))
    return SeenFilm(
        number=number,
        sightings=[
            Sighting(name=one.name, probability=one.probability, perhaps=one.perhaps, start=one.start, end=one.end)
            for one in found.sightings
        ],
        problem=None if found.problem is None else Sentence.of(found.problem, language),
    )

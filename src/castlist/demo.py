"""The whole path in one call: a cast is drawn or given, learnt, and named in pictures that learning never saw."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from castlist.drawn import draw_cast
from castlist.learning import check_installed
from castlist.media import find_photos
from castlist.naming import NamedPhoto, Recognizer
from castlist.predicting import predict
from castlist.run import Run
from castlist.settings import read_settings

if TYPE_CHECKING:
    from castlist.learning import Evaluation

PICTURES = 130  # per hero, to learn from, be validated and tested on
SIZE = 128  # pixels of a drawing
NEVER_SEEN = 1000  # the index of the first picture that is drawn only to be named
SETTINGS = dataclasses.replace(read_settings("", "cnn"), faces=False, image_size=64, epochs=16)


def run_demo(
    photos: Path | None, *, runs: Path, language: str = "en", **callbacks: Any
) -> tuple[Run, Evaluation | None, list[NamedPhoto]]:
    """Learn a cast with the report's CNN, small enough for about three minutes on two cores, and name some pictures.

    Args:
        photos: The user's own folder of folders; None draws the cast of heroes.
        runs: The folder that the run folder is made in.
        language: Of the report.
        callbacks: As for `learn`.

    Returns:
        The run, how good it is, and named pictures: new drawings, or the run's own test photos.
    """
    check_installed(SETTINGS)
    from castlist.learning import learn

    new_photos: list[Path] = []
    if photos is None:
        photos, folder = runs / "demo-photos", runs / "demo-new"
        draw_cast(photos, pictures_per_person=PICTURES, size=SIZE)
        draw_cast(folder, pictures_per_person=1, size=SIZE, first=NEVER_SEEN)
        new_photos = find_photos([folder])
    run, evaluation = learn(photos, SETTINGS, runs=runs, language=language, **callbacks)
    if not new_photos:
        firsts = {Path(file).parts[0]: file for file in reversed(run.sides["test"])}
        new_photos = [photos / file for file in firsts.values()]
    answers = predict(new_photos, Recognizer.load(run.path), pictures=run.path / "named")
    return run, evaluation, [answer for answer in answers if isinstance(answer, NamedPhoto)]

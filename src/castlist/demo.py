"""The whole path in one call: a cast is drawn or given, learnt, and named in pictures that learning never saw."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from castlist.drawn import draw_cast
from castlist.jobs import Finished, Learn, Tell
from castlist.learning import check_installed
from castlist.media import find_photos
from castlist.naming import NamedPhoto, Recognizer
from castlist.paths import unspell
from castlist.predicting import predict
from castlist.run import Run
from castlist.settings import Settings, read_settings

if TYPE_CHECKING:
    from castlist.learning import Evaluation

PICTURES = 130  # per hero, to learn from, be validated and tested on
SIZE = 128  # pixels of a drawing
NEW = "demo-new"  # the folder that those are drawn into
NEVER_SEEN = 1000  # the index of the first picture that is drawn only to be named
DRAWN = dataclasses.replace(read_settings("", "cnn"), faces=False, image_size=48, epochs=16)


def run_demo(
    photos: Path | None, *, runs: Path, language: str = "en", **callbacks: Any
) -> tuple[Run, Evaluation | None, list[NamedPhoto]]:
    """Learn a cast, in about three minutes on two cores at most, and name some pictures.

    Args:
        photos: The user's own folder of folders, learnt with the default model; None draws the cast of heroes, in whom
            no detector finds a face, and learns it with the report's CNN.
        runs: The folder that the run folder is made in.
        language: Of the report.
        callbacks: As for `learn`.

    Returns:
        The run, how good it is, and named pictures: new drawings, or the run's own test photos.
    """
    settings = Settings() if photos else DRAWN
    check_installed(settings)
    from castlist.learning import learn

    new_photos: list[Path] = []
    if photos is None:
        photos = draw_photos(runs)
        new_photos = find_photos([runs / NEW])
    run, evaluation = learn(photos, settings, runs=runs, language=language, **callbacks)
    if not new_photos:
        firsts = {Path(file).parts[0]: file for file in reversed(run.sides["test"])}
        new_photos = [photos / unspell(file) for file in firsts.values()]
    answers = predict(new_photos, Recognizer.load(run.path), pictures=run.path / "named")
    return run, evaluation, [answer for answer in answers if isinstance(answer, NamedPhoto)]


@dataclass(frozen=True)
class Demo:
    """The drawn cast learnt, as a job; the pictures to be named are in the folder NEW beside the run."""

    runs: Path
    language: str = "en"

    def do(self, tell: Tell) -> Finished:
        check_installed(DRAWN)
        return Learn(draw_photos(self.runs), DRAWN, self.runs, language=self.language).do(tell)


def draw_photos(runs: Path) -> Path:
    """Draw the cast beside the runs, and some pictures to be named; gives the folder to learn from."""
    draw_cast(runs / "demo-photos", pictures_per_person=PICTURES, size=SIZE)
    draw_cast(runs / NEW, pictures_per_person=1, size=SIZE, first=NEVER_SEEN)
    return runs / "demo-photos"

"""The verb that searches: tune."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from castlist.cli.console import say, tell, telling_interruption
from castlist.cli.learning import choose_settings
from castlist.cli.options import Language, Photos, Runs

if TYPE_CHECKING:
    from castlist.learning import Trial


def tune(
    photos: Photos,
    trials: Annotated[int, typer.Option(help="Trainings in all, those of an interrupted search included.")] = 20,
    minutes: Annotated[float | None, typer.Option(help="After so many, no training is begun.")] = None,
    jobs: Annotated[int, typer.Option(help="Trainings at the same time.")] = 1,
    model: Annotated[list[str] | None, typer.Option(help="Try this model; may be repeated [cnn-small, cnn].")] = None,
    faces: Annotated[bool | None, typer.Option("--faces/--whole", help="As for train.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Of each training, at most.")] = None,
    settings: Annotated[Path | None, typer.Option(help="A TOML file of the settings that aren't searched.")] = None,
    name: Annotated[str, typer.Option(help="The search's folder; the same one again goes on with it.")] = "search",
    out: Runs = Path("runs"),
    language: Language = "en",
) -> None:
    """Search for settings that do well on validation; the test photos are never looked at."""
    given = {"faces": faces, "epochs": epochs}
    bases = {one: choose_settings(settings, one, None, given, []) for one in model or ("cnn-small", "cnn")}
    from castlist.learning import tune as search

    def show(trial: Trial) -> None:
        figure = "given up" if trial.accuracy is None else f"{trial.accuracy:.1%} on validation"
        say(f"trial {trial.number}: {trial.run}  {figure}")

    with telling_interruption(lambda: f"the same castlist tune, in {str(out / name)!r}"):
        found = search(
            photos, bases, out / name, trials=trials, minutes=minutes, jobs=jobs, language=language, on_trial=show
        )
    tell(f"{found.finished} trials; the best, {found.run}, has {found.accuracy:.1%} on validation.")
    tell(f"Pictures: {', '.join(str(path) for path in sorted(found.folder.glob('*.png')))}")
    tell(f"Train with its settings: castlist train {photos} --settings {found.settings_file}")

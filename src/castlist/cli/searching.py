"""The verb that searches: tune."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from castlist.cli.console import say, tell, telling_interruption
from castlist.cli.learning import choose_settings
from castlist.cli.options import SYSTEM, Language, Photos, Runs
from castlist.cli.words import translate

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
    language: Language = SYSTEM,
) -> None:
    """Search for settings that do well on validation; the test photos are never looked at."""
    given = {"faces": faces, "epochs": epochs}
    bases = {one: choose_settings(settings, one, None, given, []) for one in model or ("cnn-small", "cnn")}
    from castlist.learning import tune as search

    def show(trial: Trial) -> None:
        if trial.accuracy is None:
            figure = translate("given up")
        else:
            figure = translate("{share:.1%} on validation", share=trial.accuracy)
        say(translate("trial {number}: {run}", number=trial.number, run=str(trial.run)) + f"  {figure}")

    with telling_interruption(lambda: translate("the same castlist tune, in {folder!r}", folder=str(out / name))):
        found = search(
            photos, bases, out / name, trials=trials, minutes=minutes, jobs=jobs, language=language, on_trial=show
        )
    tell(
        translate(
            "{count} {count:trial|trials}; the best, {run}, has {share:.1%} on validation.",
            count=found.finished,
            run=str(found.run),
            share=found.accuracy,
        )
    )
    tell(translate("Pictures: {paths}", paths=", ".join(str(path) for path in sorted(found.folder.glob("*.png")))))
    command = shlex.join(["castlist", "train", str(photos), "--settings", str(found.settings_file)])
    tell(translate("Train with its settings: {command}", command=command))

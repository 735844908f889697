"""The verbs that learn: train, resume, report, demo."""

from __future__ import annotations

import shlex
import shutil
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from castlist.cli.console import photo_lines, show_result, showing_training, tell
from castlist.cli.options import SYSTEM, FromRegions, Language, Photos, RunFolder, Runs
from castlist.cli.words import translate
from castlist.errors import SettingsError, reason_of
from castlist.settings import DLIB

if TYPE_CHECKING:
    from castlist.settings import Settings


def train(
    photos: Photos,
    model: Annotated[
        str | None, typer.Option(help="face (the default), cnn-small, cnn, vgg16, vgg16-scratch or cnn-lstm.")
    ] = None,
    faces: Annotated[
        bool | None, typer.Option("--faces/--whole", help="Learn from the face in each photo, or the whole [faces].")
    ] = None,
    careful: Annotated[bool, typer.Option("--careful", help="Average ten views of each face: slower, surer.")] = False,
    network: Annotated[
        str | None, typer.Option(help="A face network of your own, ONNX with a TOML beside it; or dlib.")
    ] = None,
    preset: Annotated[str | None, typer.Option(help="Settings that belong together, such as 'report'.")] = None,
    tensorboard: Annotated[
        bool | None, typer.Option("--tensorboard", help="Write logs too: tensorboard --logdir runs shows them.")
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="A TOML file of settings.")] = None,
    image_size: Annotated[int | None, typer.Option(help="Pixels of the square that a Keras model sees.")] = None,
    pictures_per_person: Annotated[int | None, typer.Option(help="Draw at most so many photos a person.")] = None,
    epochs: Annotated[int | None, typer.Option(help="How often to see every training photo.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Photos per step.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="sgd, adam, adamw or rmsprop.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The optimizer's rate [the optimizer's own].")] = None,
    weights: Annotated[
        str | None, typer.Option(metavar="FILE|none", help="Of vgg16: ImageNet's weights; none: begin from chance.")
    ] = None,
    stranger_rate: Annotated[float | None, typer.Option(help="Share of strangers who may be given a name.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the split, the order, the variations and the start.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any other setting, such as augmentation.zoom=0.1."),
    ] = None,
    from_regions: FromRegions = False,
    name: Annotated[str | None, typer.Option(help="The run folder's name [default: the model and the time].")] = None,
    out: Runs = Path("runs"),
    language: Language = SYSTEM,
) -> None:
    """Learn the people of a folder of folders; makes a run folder with a report."""
    given = {
        "faces": faces,
        "views": "careful" if careful else None,
        "network": str(Path(network).resolve()) if network not in (None, DLIB) else network,
        "image_size": image_size,
        "pictures_per_person": pictures_per_person,
        "epochs": epochs,
        "batch_size": batch_size,
        "optimizer": optimizer,
        "learning_rate": learning_rate,
        "tensorboard": tensorboard,
        "weights": weights,
        "stranger_rate": stranger_rate,
        "seed": seed,
    }
    from castlist.learning import check_installed

    chosen = choose_settings(settings, model, preset, given, set_ or [])
    check_installed(chosen)
    from castlist.learning import learn
    from castlist.media import find_marked_cast

    cast = find_marked_cast(photos) if from_regions else photos
    with showing_training() as show:
        run, evaluation = learn(cast, chosen, runs=out, name=name, language=language, **show)
    show_result(run, evaluation)


def resume(
    run: RunFolder,
    epochs: Annotated[int | None, typer.Option(help="How many epochs in all [default: as the run was begun].")] = None,
    language: Language = SYSTEM,
) -> None:
    """Go on with a training that was interrupted, or train a finished run for more epochs."""
    from castlist.learning import resume as resume_run

    with showing_training() as show:
        finished, evaluation = resume_run(run, epochs=epochs, language=language, **show)
    show_result(finished, evaluation)


def report(run: RunFolder, language: Language = SYSTEM) -> None:
    """Write a run's figures and report again, from its recorded answers."""
    from castlist.learning import report_again

    show_result(*report_again(run, language=language))


def demo(
    photos: Annotated[Path | None, typer.Option(help="Your own folder of folders, instead of the drawn cast.")] = None,
    out: Runs = Path("runs"),
    language: Language = SYSTEM,
) -> None:
    """Learn a drawn cast of seven heroes in about three minutes, and name pictures it has never seen."""
    from castlist.demo import run_demo

    with showing_training() as show:
        run, evaluation, named = run_demo(photos, runs=out, language=language, **show)
    show_result(run, evaluation)
    # The model face keeps all photos in the end, those it was tested on, too.
    tell(translate("Some of your photos:") if photos else translate("Pictures it has never seen:"))
    for photo in named:
        for line in photo_lines(photo).splitlines():
            tell(f"  {line}")
    # make calls it by its place in .venv, where no shell finds it by its name.
    is_found = shutil.which("castlist") or Path(sys.argv[0]).name != "castlist"
    command = shlex.join(["castlist" if is_found else sys.argv[0], "serve", "--out", str(out)])
    tell(translate("Look at it in a browser: {command}", command=command))


def choose_settings(
    file: Path | None, model: str | None, preset: str | None, given: dict[str, Any], assignments: list[str]
) -> Settings:
    """Defaults, then the file, then the preset, then single options: what is nearer to the user wins."""
    from castlist.settings import Settings, read_settings, with_preset

    try:
        chosen = read_settings(file.read_text("utf-8-sig") if file else "", model)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            "settings-unreadable",
            "The settings file {path!r} can't be read ({reason}).",
            path=str(file),
            reason=reason_of(error),
        ) from error
    if preset:
        chosen = with_preset(chosen, preset)
    values = chosen.to_dict()
    rate = values.pop("learning_rate")  # of the optimizer so far
    values |= {name: value for name, value in given.items() if value is not None}
    for assignment in assignments:
        name, found, text = assignment.partition("=")
        if not found:
            raise SettingsError(
                "no-assignment", "--set must be NAME=VALUE. Got {assignment!r} instead.", assignment=assignment
            )
        *tables, last = name.strip().split(".")
        table = values
        for key in tables:
            if not isinstance(table.get(key), dict):
                raise SettingsError(
                    "unknown-table",
                    "Unknown setting {name!r}: there is no table {table!r}.",
                    name=name.strip(),
                    table=key,
                )
            table = table[key]
        table[last] = _parse_value(text.strip())
    if values["optimizer"] == chosen.optimizer:
        values.setdefault("learning_rate", rate)
    return Settings.from_dict(values)


def _parse_value(text: str) -> Any:
    """A value as TOML writes it; a bare word is a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text

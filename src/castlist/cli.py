"""The command `castlist`: each verb parses, calls and shows."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from castlist.console import (
    COLUMNS,
    NO_FIGURES,
    film_json,
    film_lines,
    film_rows,
    photo_json,
    photo_lines,
    photo_rows,
    say,
    show_result,
    showing_count,
    showing_progress,
)
from castlist.errors import CastlistError, MissingExtraError, PhotoError, SettingsError

if TYPE_CHECKING:
    from castlist.films import NamedFilm
    from castlist.recognizer import NamedPhoto, Recognizer
    from castlist.settings import Settings

app = typer.Typer(
    name="castlist",
    help="Learn who is who from folders of photos; name them in new ones.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


Photos = Annotated[
    Path, typer.Argument(metavar="PHOTOS", help="The folder that holds one folder of photos per person.")
]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]
Runs = Annotated[Path, typer.Option("--out", help="The folder that run folders are made in.")]
Language = Annotated[str, typer.Option(help="Of the report: en or zh-TW.")]


def main() -> None:
    """Run the command; a failure that castlist foresees is one sentence on stderr and exit code 2."""
    try:
        app()
    except CastlistError as error:
        say(f"castlist: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        say("castlist: stopped.")
        sys.exit(130)


@app.command()
def train(
    photos: Photos,
    model: Annotated[str | None, typer.Option(help="What to learn: face, cnn [default: face].")] = None,
    faces: Annotated[
        bool | None, typer.Option("--faces/--whole", help="Learn from the face in each photo, or the whole [faces].")
    ] = None,
    careful: Annotated[bool, typer.Option("--careful", help="Average ten views of each face: slower, surer.")] = False,
    network: Annotated[
        Path | None, typer.Option(help="A face network of your own, ONNX with a TOML beside it.")
    ] = None,
    fine_tune: Annotated[bool, typer.Option("--fine-tune", help="Train the network of the model face too.")] = False,
    preset: Annotated[str | None, typer.Option(help="Settings that belong together, such as 'report'.")] = None,
    settings: Annotated[Path | None, typer.Option(help="A TOML file of settings.")] = None,
    image_size: Annotated[int | None, typer.Option(help="Pixels of the square that a Keras model sees.")] = None,
    pictures_per_person: Annotated[int | None, typer.Option(help="Draw at most so many photos a person.")] = None,
    epochs: Annotated[int | None, typer.Option(help="How often to see every training photo.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Photos per step.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="sgd, adam or rmsprop.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The optimizer's rate.")] = None,
    stranger_rate: Annotated[float | None, typer.Option(help="Share of strangers who may be given a name.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the split, the order, the variations and the start.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any other setting, such as augmentation.zoom=0.1."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The run folder's name [default: the model and the time].")] = None,
    out: Runs = Path("runs"),
    language: Language = "en",
) -> None:
    """Learn the people of a folder of folders; makes a run folder with a report."""
    given = {
        "faces": faces,
        "views": "careful" if careful else None,
        "network": str(network.resolve()) if network else None,
        "image_size": image_size,
        "pictures_per_person": pictures_per_person,
        "epochs": epochs,
        "batch_size": batch_size,
        "optimizer": optimizer,
        "learning_rate": learning_rate,
        "stranger_rate": stranger_rate,
        "seed": seed,
    }
    from castlist.models import check_installed

    if fine_tune and preset:
        raise SettingsError(f"--fine-tune is a preset itself; it can't go with --preset {preset}. Leave one out.")
    chosen = _choose_settings(settings, model, "fine-tune" if fine_tune else preset, given, set_ or [])
    check_installed(chosen)
    from castlist.learning import learn

    with showing_progress() as show:
        run, evaluation = learn(photos, chosen, runs=out, name=name, language=language, **show)
    show_result(run, evaluation)


@app.command()
def resume(
    run: RunFolder,
    epochs: Annotated[int | None, typer.Option(help="How many epochs in all [default: as the run was begun].")] = None,
    language: Language = "en",
) -> None:
    """Go on with a training that was interrupted, or train a finished run for more epochs."""
    from castlist.learning import resume as resume_run

    with showing_progress() as show:
        finished, evaluation = resume_run(run, epochs=epochs, language=language, **show)
    show_result(finished, evaluation)


@app.command()
def report(run: RunFolder, language: Language = "en") -> None:
    """Write a run's figures and report again, from its recorded answers."""
    from castlist.evaluation import read_evaluation
    from castlist.report import write_report
    from castlist.run import open_run, read_history

    opened = open_run(run)
    evaluation = read_evaluation(opened)
    write_report(opened, evaluation, read_history(opened), language=language)
    show_result(opened, evaluation)


@app.command()
def predict(
    inputs: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Photos, films, folders, or patterns.")],
    run: Annotated[Path | None, typer.Option(help="The run folder [default: the newest finished one in runs].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per photo.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Write a table to this file.")] = None,
    draw: Annotated[Path | None, typer.Option(help="Write pictures and films with names into this folder.")] = None,
    blur: Annotated[
        str | None,
        typer.Option(metavar="WHO", help="With --draw: hide the faces of 'unknown', 'all', or a name; paint no names."),
    ] = None,
    repeat: Annotated[bool, typer.Option("--repeat", help="A person may appear more than once in one photo.")] = False,
) -> None:
    """Name the people in photos and films."""
    from castlist.films import is_film
    from castlist.hiding import check_hidden
    from castlist.photos import find_photos
    from castlist.recognizer import Recognizer
    from castlist.run import newest_run

    if blur and not draw:
        raise SettingsError("--blur writes pictures: say where to with --draw FOLDER.")
    paths = find_photos(inputs)
    recognizer = Recognizer.load(run or newest_run(Path("runs")).path)
    if blur:
        check_hidden(blur, recognizer.run.people)
        if recognizer.face_network is None:
            raise SettingsError("--blur needs a run that knows faces; this one was learnt from whole photos.")
    films = [path for path in paths if is_film(path)]
    photos = [path for path in paths if path not in set(films)]
    answers: Iterable[NamedPhoto] = recognizer.name_photos(photos, repeat=repeat, thorough=blur is not None)
    if draw:
        from castlist.annotate import draw_photos

        answers = draw_photos(answers, draw, hidden=blur)
    width = min(max(len(str(path)) for path in paths), 60)
    rows: list[tuple[str, ...]] = []
    n_named = 0
    try:
        for photo in answers:
            n_named += not photo.problem
            rows += photo_rows(photo)
            print(photo_json(photo) if as_json else photo_lines(photo, width), flush=True)
        for path in films:
            film = _name_film(path, recognizer, draw, blur)
            if film:
                n_named += 1
                rows += film_rows(film)
                print(film_json(film) if as_json else film_lines(film, width), flush=True)
    finally:  # what is named so far isn't lost when it is interrupted
        if csv:
            from castlist.files import write_csv

            write_csv(csv, COLUMNS, rows)
    if not n_named:
        raise CastlistError(f"None of the {len(paths)} files could be read as a photo or a film.")


@app.command()
def enrol(
    run: RunFolder,
    name: Annotated[str, typer.Argument(help="Somebody new, or somebody whom the run knows.")],
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Photos, folders, or patterns.")],
    language: Language = "en",
) -> None:
    """Add a person, or photos of one, to a run of the model face; no training."""
    from castlist.enrolment import enrol as enrol_person
    from castlist.photos import find_photos

    done = enrol_person(run, name, find_photos(photos))
    for photo in done.refused:
        say(f"left out: {photo.path} ({photo.reason})")
    print(f"{name} is enrolled with {len(done.added)} photo{'s' * (len(done.added) > 1)}.")
    _show_refreshed(run, language)


@app.command()
def forget(
    run: RunFolder,
    name: Annotated[str, typer.Argument(help="Whom to delete.")],
    retrain: Annotated[bool, typer.Option("--retrain", help="Train a Keras model again without the person.")] = False,
    language: Language = "en",
) -> None:
    """Delete a person from a run for good, and say what was deleted and what still exists."""
    from castlist.enrolment import forget as forget_person
    from castlist.enrolment import retrain_without

    if retrain:
        with showing_progress() as show:
            receipt = retrain_without(run, name, **show)
    else:
        receipt = forget_person(run, name)
    print(f"{name} is forgotten. Deleted:")
    for line in receipt.removed:
        print(f"  {line}")
    print("What still exists:")
    for line in receipt.remaining:
        print(f"  {line}")
    if not retrain:
        _show_refreshed(run, language)


@app.command()
def demo(
    photos: Annotated[Path | None, typer.Option(help="Your own folder of folders, instead of the drawn cast.")] = None,
    out: Runs = Path("runs"),
    language: Language = "en",
) -> None:
    """Learn a drawn cast of seven heroes in about three minutes, and name pictures it has never seen."""
    from castlist.demo import run_demo

    with showing_progress() as show:
        run, evaluation, named = run_demo(photos, runs=out, language=language, **show)
    show_result(run, evaluation)
    print("Pictures it has never seen:")
    for photo in named:
        print(f"  {photo_lines(photo)}")


def _choose_settings(
    file: Path | None, model: str | None, preset: str | None, given: dict[str, Any], assignments: list[str]
) -> Settings:
    """Defaults, then the file, then the preset, then single options: what is nearer to the user wins."""
    from castlist.models import model_kind, with_preset
    from castlist.settings import Settings

    try:
        chosen = Settings.from_toml(file.read_text("utf-8")) if file else Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {str(file)!r} can't be read ({error}).") from error
    if model:
        chosen = Settings.from_dict(chosen.to_dict() | {"model": model})
    model_kind(chosen.model)
    if preset:
        chosen = with_preset(chosen, preset)
    values = chosen.to_dict() | {name: value for name, value in given.items() if value is not None}
    for assignment in assignments:
        name, found, text = assignment.partition("=")
        if not found:
            raise SettingsError(f"--set must be NAME=VALUE. Got {assignment!r} instead.")
        *tables, last = name.strip().split(".")
        table = values
        for key in tables:
            if not isinstance(table.get(key), dict):
                raise SettingsError(f"Unknown setting {name.strip()!r}: there is no table {key!r}.")
            table = table[key]
        table[last] = _parse_value(text.strip())
    return Settings.from_dict(values)


def _parse_value(text: str) -> Any:
    """A value as TOML writes it; a bare word is a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _show_refreshed(run: Path, language: str) -> None:
    from castlist.enrolment import refresh

    try:
        report = refresh(run, language=language)
    except MissingExtraError as error:
        print(f"The report is not made anew. {error}")
    else:
        print(f"Report: {report.resolve().as_uri()}" if report else NO_FIGURES)


def _name_film(path: Path, recognizer: Recognizer, folder: Path | None, hidden: str | None) -> NamedFilm | None:
    """Name one film, and write it where it is asked for; one that can't be read is a line on stderr."""
    from castlist.films import name_film, write_film

    with showing_count(f"{path.name}: faces") as on_count:
        try:
            film = name_film(path, recognizer, thorough=hidden is not None, on_count=on_count)
        except PhotoError as error:
            say(f"left out: {path} ({error})")
            return None
    if film.problem:
        say(f"{path}: {film.problem}")
    if folder:
        name = f"{path.stem}.{'named' if hidden is None else 'hidden'}.mp4"
        with showing_count(f"{path.name}: writing") as on_count:
            write_film(film, folder / name, names=hidden is None, hidden=hidden, on_count=on_count)
    return film

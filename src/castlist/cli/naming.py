"""The verbs that name: predict, and explain why."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from castlist.cli.console import film_lines, photo_lines, say, showing_count
from castlist.cli.options import RunFolder
from castlist.errors import CastlistError, PhotoError, SettingsError

if TYPE_CHECKING:
    from castlist.naming import NamedFilm, NamedPhoto, Recognizer


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
    together: Annotated[
        bool,
        typer.Option("--together", help="Let photos help to name each other and to tell strangers; model face only."),
    ] = False,
) -> None:
    """Name the people in photos and films."""
    from castlist.media import find_photos, is_film
    from castlist.naming import COLUMNS, Recognizer, film_json, film_rows, photo_json, photo_rows
    from castlist.painting import check_hidden
    from castlist.run import newest_run

    if blur and not draw:
        raise SettingsError("blur-without-draw", "--blur writes pictures: say where to with --draw FOLDER.")
    paths = find_photos(inputs)
    recognizer = Recognizer.load(run or newest_run(Path("runs")).path)
    if blur:
        check_hidden(blur, recognizer.run.people)
        if recognizer.face_network is None:
            raise SettingsError(
                "blur-needs-faces", "--blur needs a run that knows faces; this one was learnt from whole photos."
            )
    films = [path for path in paths if is_film(path)]
    photos = [path for path in paths if path not in set(films)]
    frames = recognizer.network.frames if recognizer.network else None
    if photos and frames and frames > 1:
        say(f"This run reads {frames} photos of a person in order. A film has them; a photo is read {frames} times.")
    answers: Iterable[NamedPhoto]
    if together:
        with showing_count("faces: photos") as on_count:
            answers = recognizer.name_album(photos, repeat=repeat, thorough=blur is not None, on_count=on_count)
    else:
        answers = recognizer.name_photos(photos, repeat=repeat, thorough=blur is not None)
    if draw:
        from castlist.painting import draw_photos

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
        raise CastlistError(
            "nothing-readable",
            "None of the {files} files could be read as a photo or a film.",
            files=len(paths),
        )


def explain(
    run: RunFolder,
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Photos, folders, or patterns.")],
    out: Annotated[Path, typer.Option(help="The folder that the pictures are written into.")] = Path("explained"),
) -> None:
    """Show what of each photo carried its name: the warmer a place, the more it speaks for the person."""
    from castlist.explanation import Explainer, draw_explanations
    from castlist.media import find_photos
    from castlist.naming import Recognizer
    from castlist.painting import save_picture

    paths = find_photos(photos)
    explainer = Explainer(Recognizer.load(run))
    n_explained = 0
    for path in paths:
        try:
            explanations = explainer.explain(path)
        except PhotoError as error:
            say(f"left out: {path} ({error})")
            continue
        n_explained += 1
        file = out / f"{path.parent.name}-{path.stem}.explained.jpg"
        save_picture(draw_explanations(explanations), file)
        for one in explanations:
            about = "" if one.named.name == one.person else f" (most like {one.person})"
            nothing = "" if one.evidence.any() else "  (no place speaks for the name)"
            print(f"{path}  {one.named.name}{about}  {one.named.probability:.1%}  {file}{nothing}")
    if not n_explained:
        raise CastlistError("nothing-explained", "None of the {count} files could be explained.", count=len(paths))


def _name_film(path: Path, recognizer: Recognizer, folder: Path | None, hidden: str | None) -> NamedFilm | None:
    """Name one film, and write it where it is asked for; one that can't be read is a line on stderr."""
    from castlist.naming import name_film
    from castlist.painting import write_film

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

"""The verbs that name: predict, and explain why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from castlist.cli.console import film_lines, photo_lines, say, say_note, show_json, showing_count, tell
from castlist.cli.options import RunFolder
from castlist.errors import CastlistError, SettingsError


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
    from castlist.media import find_photos
    from castlist.naming import NamedPhoto, Recognizer, film_json, photo_json
    from castlist.predicting import Remark
    from castlist.predicting import predict as name_all
    from castlist.run import newest_run

    if blur and not draw:
        raise SettingsError("blur-without-draw", "--blur writes pictures: say where to with --draw FOLDER.")
    paths = find_photos(inputs, tell=say_note)
    run = run or newest_run(Path("runs"), tell=say_note).path
    recognizer = Recognizer.load(run)
    say(f"Run: {str(run)!r}")
    wishes: dict[str, Any] = {"table": csv, "pictures": draw, "hidden": blur, "repeat": repeat, "together": together}
    width = min(max(len(str(path)) for path in paths), 60)
    n_named = 0
    for one in name_all(paths, recognizer, showing=showing_count, **wishes):
        if isinstance(one, Remark):
            say(f"{one.path}: {one.message}" if one.path else str(one.message))
        elif isinstance(one, NamedPhoto):
            n_named += not one.problem
            show_json(photo_json(one)) if as_json else print(photo_lines(one, width), flush=True)
        else:
            n_named += one.is_read
            show_json(film_json(one)) if as_json else print(film_lines(one, width), flush=True)
    if not n_named:
        raise CastlistError(
            "nothing-named", "Of {count} {count:file|files}, none could be read as a photo or a film.", count=len(paths)
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
    from castlist.painting import save_picture, tell_apart

    paths = find_photos(photos, tell=say_note)
    explainer = Explainer(Recognizer.load(run))
    n_explained = 0
    for path, name in zip(paths, tell_apart(paths, folders=1), strict=True):
        file = out / f"{name}.explained.jpg"
        try:
            explanations = explainer.explain(path)
            save_picture(draw_explanations(explanations), file)
        except CastlistError as error:
            say(f"{path}: left out ({error})")
            continue
        n_explained += 1
        for one in explanations:
            about = "" if one.named.name == one.person else f" (most like {one.person})"
            nothing = "" if one.evidence.any() else "  (no place speaks for the name)"
            line = f"{path}  {one.named.name}{about}  {one.named.probability:.1%}  {file}{nothing}"
            tell(line)
    if not n_explained:
        raise CastlistError("nothing-explained", "Of {count} {count:file|files}, none could be explained.", count=len(paths))

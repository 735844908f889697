"""The verbs that name: predict, and explain why."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from castlist.cli.console import (
    film_lines,
    photo_lines,
    say,
    say_note,
    show_json,
    show_rows,
    showing,
    tally_lines,
    tell,
    width_of,
)
from castlist.cli.options import STDOUT, SYSTEM, Language, RunFolder
from castlist.cli.words import translate
from castlist.errors import CastlistError, Message, SettingsError, WeightsError
from castlist.paths import is_file
from castlist.threads import OnCount

WIDEST = 60  # letters of a file's name, beyond which columns give way


def predict(
    inputs: Annotated[list[str], typer.Argument(metavar="PHOTO", help="Photos, films, folders, or patterns.")],
    run: Annotated[Path | None, typer.Option(help="The run folder [default: the newest finished one in runs].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per photo.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Write a table to this file; - prints it instead.")] = None,
    draw: Annotated[Path | None, typer.Option(help="Write pictures and films with names into this folder.")] = None,
    blur: Annotated[
        str | None,
        typer.Option(metavar="WHO", help="With --draw: hide the faces of 'unknown', 'all', or a name; paint no names."),
    ] = None,
    xmp: Annotated[
        bool, typer.Option("--xmp", help="Add names and boxes to the photos' sidecars, for other programs.")
    ] = False,
    repeat: Annotated[bool, typer.Option("--repeat", help="A person may appear more than once in one photo.")] = False,
    together: Annotated[
        bool,
        typer.Option("--together", help="Let photos help to name each other and to tell strangers; model face only."),
    ] = False,
    language: Language = SYSTEM,
) -> None:
    """Name the people in photos and films."""
    from castlist.media import find_photos
    from castlist.naming import COLUMNS, NamedPhoto, Recognizer, film_json, film_rows, photo_json, photo_rows
    from castlist.predicting import Remark, Tally, is_of_another_kind
    from castlist.predicting import predict as name_all
    from castlist.run import newest_run

    if blur and not draw:
        raise SettingsError("blur-without-draw", "--blur writes pictures: say where to with --draw FOLDER.")
    as_table = csv == STDOUT
    if as_table and as_json:
        raise SettingsError("table-and-json", "--csv - prints a table, and --json something else. Choose one.")
    with showing(Message("showing-files", "Photos and films")):  # a whole disk takes minutes to list
        paths = find_photos(inputs, tell=say_note)
    run = run or newest_run(Path("runs"), tell=say_note).path
    recognizer = Recognizer.load(run)
    say(translate("Run: {path}", path=str(run)))
    wishes: dict[str, Any] = {"table": None if as_table else csv, "pictures": draw, "hidden": blur, "xmp": xmp}
    wishes |= {"repeat": repeat, "together": together}
    width = min(max(width_of(str(path)) for path in paths), WIDEST)
    tally, others = Tally(), list[Path]()
    meant = {Path(one) for one in inputs if is_file(Path(one))}  # not only found in a folder
    if as_table:
        show_rows([COLUMNS])
    with _Watching(len(paths)) as watching:
        for one in name_all(paths, recognizer, showing=watching.show, **wishes):
            if isinstance(one, Remark):
                say_note(one.message, one.path)
                continue
            is_other = one.path not in meant and is_of_another_kind(one)
            if is_other:
                others.append(one.path)
            else:
                tally.add(one)
            if as_table:
                show_rows(photo_rows(one) if isinstance(one, NamedPhoto) else film_rows(one))
            elif as_json:
                show_json(photo_json(one) if isinstance(one, NamedPhoto) else film_json(one))
            elif not is_other:
                print(photo_lines(one, width) if isinstance(one, NamedPhoto) else film_lines(one, width), flush=True)
            watching.count(tally.files + len(others))
    if others:
        say_note(
            Message(
                "files-of-other-kinds",
                "Files that are neither photos nor films were passed over: {count}, such as {path!r}.",
                {"count": len(others), "path": str(others[0])},
            )
        )
    if tally.unread == tally.files:
        raise CastlistError(
            "nothing-named",
            "Of {count} {count:file|files}, none could be read as a photo or a film.",
            count=len(paths),
        )
    if len(paths) > 1 and not as_json:
        for line in tally_lines(tally):
            say(line)


class _Watching:
    """A bar of the files done, where the answers themselves go into a file and show nothing."""

    def __init__(self, total: int) -> None:
        self._total, self._bars = total, contextlib.ExitStack()
        self._on_count: OnCount | None = None

    def __enter__(self) -> _Watching:
        if not sys.stdout.isatty():
            self._on_count = self._bars.enter_context(showing(Message("showing-files", "Photos and films")))
        return self

    def __exit__(self, *failure: object) -> None:
        self._bars.close()

    def count(self, done: int) -> None:
        """Show how many files are done."""
        if self._on_count:
            self._on_count(done, self._total)

    def show(self, what: Message) -> contextlib.AbstractContextManager[OnCount]:
        """Show something else, a film for one, instead: a terminal holds one bar."""
        self._bars.close()
        self._on_count = None
        return showing(what)


def explain(
    run: RunFolder,
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO", help="Photos, folders, or patterns.")],
    out: Annotated[Path, typer.Option(help="The folder that the pictures are written into.")] = Path("explained"),
    language: Language = SYSTEM,
) -> None:
    """Show what of each photo carried its name: the warmer a place, the more it speaks for the person."""
    from castlist.explanation import Explainer, draw_explanations
    from castlist.media import find_photos, read_file
    from castlist.naming import Recognizer
    from castlist.painting import free_place, save_picture, tell_apart

    paths = find_photos(photos, tell=say_note)
    explainer = Explainer(Recognizer.load(run))
    n_explained = 0
    for path, name in zip(paths, tell_apart(paths, folders=1), strict=True):
        try:
            explanations = explainer.explain(path)
            file = free_place(out / f"{name}.explained.jpg", path)
            save_picture(draw_explanations(explanations), file, original=read_file(path))
        except WeightsError:  # the next would end so, too
            raise
        except CastlistError as error:
            say(translate("left out: {path} ({reason})", path=str(path), reason=error.message))
            continue
        n_explained += 1
        for one in explanations:
            about = "" if one.named.name == one.person else " " + translate("(most like {name})", name=one.person)
            nothing = "" if one.evidence.any() else "  " + translate("(no place speaks for the name)")
            tell(f"{path}  {one.named.name}{about}  {one.named.probability:.1%}  {file}{nothing}")
    if not n_explained:
        raise CastlistError(
            "nothing-explained", "Of {count} {count:file|files}, none could be explained.", count=len(paths)
        )

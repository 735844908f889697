"""The verbs about who is in a run: people, enrol, undo, rename, merge, forget; and refresh."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from castlist.cli.console import NO_FIGURES, pad, say, say_note, showing_count, showing_progress, tell
from castlist.cli.options import Language, RunFolder
from castlist.errors import MissingExtraError, SettingsError
from castlist.escaping import for_json, for_terminal
from castlist.paths import join_below

Yes = Annotated[bool, typer.Option("--yes", help="Don't ask.")]


def people(
    run: RunFolder, json_: Annotated[bool, typer.Option("--json", help="One JSON object per person.")] = False
) -> None:
    """Say who is in a run, and with how many photos."""
    from castlist.people import list_people

    listed = list_people(run)
    names = [for_terminal(one.name) for one in listed]
    for one, name in zip(listed, pad(names), strict=True):
        if json_:
            print(for_json({"name": one.name, "photos": one.photos, "enrolled": one.enrolled}))
        else:
            tell(f"{name}  {_photos(one.photos)}{f', {one.enrolled} of them enrolled' if one.enrolled else ''}")


def enrol(
    run: RunFolder,
    name: Annotated[str, typer.Argument(help="Somebody new, or somebody whom the run knows.")],
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Photos, folders, or patterns.")],
    face: Annotated[
        int | None, typer.Option(metavar="N", help="Which face of the photo, counted from the left, from 1.")
    ] = None,
    language: Language = "en",
) -> None:
    """Add a person, or photos of one, to a run of the model face; no training."""
    from castlist.media import find_photos
    from castlist.people import enrol as enrol_person

    done = enrol_person(run, name, find_photos(photos, tell=say_note), face=face)
    for photo in done.refused:
        say(f"left out: {photo.path} ({photo.reason})")
    for known in done.known:
        say(f"passed over: {known} (the run knows {name} by it)")
    for one in done.faces:
        where = f" at {box.left:.0f},{box.top:.0f}" if (box := one.named.box) else ""
        which = f"face {one.number} of {one.of} from the left," if one.of > 1 else "the face"
        say(f"{one.photo}: {which}{where}")
    for doubt in done.doubts:
        say(f"careful: {doubt}")
    if not done.faces:
        tell(f"Nothing was added: {name} is enrolled with all of them already.")
        return
    tell(f"{name} is enrolled with {_photos(len(done.faces))}.")
    if done.doubts:
        tell(f"If that is wrong, take it back: castlist undo {str(run)!r}")
    _show_report(run, language)


def undo(run: RunFolder, language: Language = "en") -> None:
    """Take back what was enrolled last; somebody who came with it leaves with it."""
    from castlist.people import undo as undo_enrolment

    taken = undo_enrolment(run)
    tell(f"Taken back: {_photos(len(taken.files))} of {taken.name}.")
    _show_report(run, language)


def rename(
    run: RunFolder,
    old: Annotated[str, typer.Argument(help="What somebody is called.")],
    new: Annotated[str, typer.Argument(help="What to call the person.")],
    language: Language = "en",
) -> None:
    """Call somebody in a run of the model face otherwise."""
    from castlist.people import rename as rename_person

    changed = rename_person(run, old, new)
    tell(f"{old} is called {new}.")
    _tell_folder(changed.photos_root, old, f"call the folder {new!r}, too")
    _show_report(run, language)


def merge(
    run: RunFolder,
    name: Annotated[str, typer.Argument(help="Whose name goes.")],
    into: Annotated[str, typer.Argument(help="Whose name stays.")],
    yes: Yes = False,
    language: Language = "en",
) -> None:
    """Make two people of a run of the model face one; it can't be taken back."""
    from castlist.people import merge as merge_people

    _ask(f"Make {name} and {into} one person, for good?", yes)
    changed = merge_people(run, name, into)
    tell(f"{name} and {into} are one, called {into}.")
    _tell_folder(changed.photos_root, name, f"move its photos into the folder {into!r}")
    _show_report(run, language)


def forget(
    run: RunFolder,
    name: Annotated[str, typer.Argument(help="Whom to delete.")],
    photo: Annotated[
        str | None, typer.Option(metavar="PHOTO", help="Delete this one photo of the person, who stays.")
    ] = None,
    retrain: Annotated[bool, typer.Option("--retrain", help="Train a Keras model again without the person.")] = False,
    yes: Yes = False,
    language: Language = "en",
) -> None:
    """Delete a person from a run for good, and say what was deleted and what still exists."""
    from castlist.people import forget as forget_person
    from castlist.people import forget_photo, retrain_without

    if photo is not None:
        if retrain:
            raise SettingsError("retrain-photo", "--retrain leaves out a person, --photo one photo. Choose one.")
        tell(f"The run knows {forget_photo(run, name, photo)} no more.")
        _show_report(run, language)
        return
    _ask(f"Delete {name} from {str(run)!r} for good?", yes)
    if retrain:
        with showing_progress(resumable=False) as show:
            receipt = retrain_without(run, name, language=language, **show)
    else:
        receipt = forget_person(run, name)
    tell(f"{name} is forgotten. Deleted:")
    for line in receipt.removed:
        tell(f"  {line}")
    tell("What still exists:")
    for line in receipt.remaining:
        tell(f"  {line}")
    if not retrain:
        _show_report(run, language)


def refresh(run: RunFolder, language: Language = "en") -> None:
    """Learn a run of the model face anew with castlist's newest networks, from the photos it knows.

    Who is in it, names and enrolled photos stay; photos that aren't found any more leave the run, and are listed.
    """
    from castlist.people import refresh as refresh_run

    with showing_count("Photos") as on_count:
        done = refresh_run(run, on_count=on_count)
    for photo in done.lost:
        say(f"left out: {photo.path} ({photo.reason})")
    lost = f"; {_photos(len(done.lost))} left the run" if done.lost else ""
    tell(f"{len(done.run.people)} people are learnt anew from {_photos(done.photos)}{lost}.")
    _show_report(run, language)


def _ask(question: str, yes: bool) -> None:
    """Ask, where there is somebody to ask; a script has decided already."""
    if not yes and sys.stdin.isatty():
        typer.confirm(for_terminal(question), abort=True, err=True)


def _photos(count: int) -> str:
    return f"{count} photo{'s' * (count != 1)}"


def _tell_folder(photos: str, name: str, what: str) -> None:
    folder = join_below(Path(photos), name)
    if folder and folder.is_dir():
        tell(f"Training again would learn from {str(folder)!r} again: {what}.")


def _show_report(run: Path, language: str) -> None:
    from castlist.people import renew_report

    try:
        report = renew_report(run, language=language)
    except MissingExtraError as error:
        tell(f"The report is not made anew. {error}")
    else:
        tell(f"Report: {report.resolve().as_uri()}" if report else NO_FIGURES)

"""The verbs about who is in a run: people, enrol, undo, rename, merge, forget; and refresh."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from castlist.cli.console import no_figures, pad, say, say_note, show_json, showing_training, tell
from castlist.cli.options import SYSTEM, Language, RunFolder
from castlist.cli.words import translate, worded
from castlist.errors import MissingExtraError, SettingsError
from castlist.escaping import for_json, for_terminal
from castlist.paths import is_file, is_folder, join_below

Yes = Annotated[bool, typer.Option("--yes", help="Don't ask.")]


def people(
    run: RunFolder,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object per person.")] = False,
    language: Language = SYSTEM,
) -> None:
    """Say who is in a run, and with how many photos."""
    from castlist.people import list_people

    listed = list_people(run)
    names = [for_terminal(one.name) for one in listed]
    for one, name in zip(listed, pad(names), strict=True):
        if json_:
            show_json(for_json({"name": one.name, "photos": one.photos, "enrolled": one.enrolled}))
        else:
            enrolled = translate(", {count} of them enrolled", count=one.enrolled) if one.enrolled else ""
            tell(f"{name}  {_photos(one.photos)}{enrolled}")


def enrol(
    run: RunFolder,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Somebody new, or somebody whom the run knows.")],
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO", help="Photos, folders, or patterns.")],
    face: Annotated[
        int | None, typer.Option(metavar="N", help="Which face of the photo, counted from the left, from 1.")
    ] = None,
    language: Language = SYSTEM,
) -> None:
    """Add a person, or photos of one, to a run of the model face; no training."""
    from castlist.media import find_photos
    from castlist.people import enrol as enrol_person

    done = enrol_person(run, name, find_photos(photos, tell=say_note), face=face)
    for photo in done.refused:
        say(translate("left out: {path} ({reason})", path=str(photo.path), reason=photo.reason))
    for known in done.known:
        say(translate("passed over: {path} (the run knows {name} by it)", path=str(known), name=name))
    for one in done.faces:
        which = translate("the face")
        if one.of > 1:
            which = translate("face {number} of {of} from the left,", number=one.number, of=one.of)
        box = one.named.box
        where = " " + translate("at {x:.0f},{y:.0f}", x=box.left, y=box.top) if box else ""
        say(f"{one.photo}: {which}{where}")
    for doubt in done.doubts:
        say(translate("careful: {doubt}", doubt=doubt))
    if not done.faces:
        tell(translate("Nothing was added: {name} is enrolled with all of them already.", name=name))
        return
    tell(translate("{name} is enrolled with {photos}.", name=name, photos=_photos(len(done.faces))))
    if done.doubts:
        tell(translate("If that is wrong, take it back: {command}", command=f"castlist undo {str(run)!r}"))
    show_report(run, language)


def undo(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or an archive's.")],
    language: Language = SYSTEM,
) -> None:
    """Take back what was enrolled last in a run, with whoever came with it; of an archive, what was decided last."""
    from castlist.people import undo as undo_enrolment

    if is_file(run / "archive.json"):
        _undo_decision(run)
        return
    taken = undo_enrolment(run)
    if taken.files:
        tell(translate("Taken back: {photos} of {name}.", photos=_photos(len(taken.files)), name=taken.name))
    else:
        tell(
            translate(
                "Taken back: {count} {count:look-alike|look-alikes} of {name}.", count=len(taken.apart), name=taken.name
            )
        )
    show_report(run, language)


def rename(
    run: RunFolder,
    old: Annotated[str, typer.Argument(metavar="OLD", help="What somebody is called.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="What to call the person.")],
    language: Language = SYSTEM,
) -> None:
    """Call somebody in a run of the model face otherwise."""
    from castlist.people import rename as rename_person

    changed = rename_person(run, old, new)
    tell(translate("{old} is called {new}.", old=old, new=new))
    _tell_folder(changed.photos_root, old, translate("call the folder {name!r}, too", name=new))
    show_report(run, language)


def merge(
    run: RunFolder,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose name goes.")],
    into: Annotated[str, typer.Argument(metavar="INTO", help="Whose name stays.")],
    yes: Yes = False,
    language: Language = SYSTEM,
) -> None:
    """Make two people of a run of the model face one; it can't be taken back."""
    from castlist.people import merge as merge_people

    _ask(translate("Make {name} and {into} one person, for good?", name=name, into=into), yes)
    changed = merge_people(run, name, into)
    tell(translate("{name} and {into} are one, called {into}.", name=name, into=into))
    _tell_folder(changed.photos_root, name, translate("move its photos into the folder {name!r}", name=into))
    show_report(run, language)


def forget(
    run: RunFolder,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whom to delete.")],
    photo: Annotated[
        str | None, typer.Option(metavar="PHOTO", help="Delete this one photo of the person, who stays.")
    ] = None,
    retrain: Annotated[bool, typer.Option("--retrain", help="Train a Keras model again without the person.")] = False,
    archive: Annotated[
        Path | None, typer.Option(metavar="ARCHIVE", help="Delete the person from this archive, too.")
    ] = None,
    tags: Annotated[
        bool, typer.Option("--tags", help="With --archive: take out what tag wrote into sidecars, too.")
    ] = False,
    embed: Annotated[bool, typer.Option("--embed", help="With --tags: and what it wrote into photos.")] = False,
    yes: Yes = False,
    language: Language = SYSTEM,
) -> None:
    """Delete a person from a run for good, and say what was deleted and what still exists."""
    from castlist.people import forget as forget_person
    from castlist.people import forget_photo, retrain_without

    if archive is not None and (retrain or photo is not None):
        raise SettingsError(
            "forget-archive", "--archive deletes a person from a run of the model face, not with --retrain or --photo."
        )
    if (tags and archive is None) or (embed and not tags):
        raise SettingsError(
            "forget-tags", "--tags needs --archive ARCHIVE, whose names were written by tag, and --embed needs --tags."
        )
    if photo is not None:
        if retrain:
            raise SettingsError("retrain-photo", "--retrain leaves out a person, --photo one photo. Choose one.")
        tell(translate("The run knows {photo} no more.", photo=str(forget_photo(run, name, photo))))
        show_report(run, language)
        return
    _ask(translate("Delete {name} from {run!r} for good?", name=name, run=str(run)), yes)
    if retrain:
        with showing_training(resumable=False) as show:
            receipt = retrain_without(run, name, language=language, **show)
    else:
        receipt = forget_person(run, name, archive=archive, tags=tags, embed=embed)
    tell(translate("{name} is forgotten. Deleted:", name=name))
    for line in receipt.removed:
        tell(f"  {worded(line)}")
    tell(translate("What still exists:"))
    for line in receipt.remaining:
        tell(f"  {worded(line)}")
    if not retrain:
        show_report(run, language)


def _undo_decision(archive: Path) -> None:
    from castlist.archive import Archive

    taken = Archive(archive).undo()
    decision = f"--{taken.kind} {taken.name or ''}".strip()
    tell(translate("Taken back: {what}, decided by {who} at {when}.", what=decision, who=taken.who, when=taken.when))


def refresh(run: RunFolder, language: Language = SYSTEM) -> None:
    """Learn a run of the model face anew with castlist's newest networks, from the photos it knows.

    Who is in it, names and enrolled photos stay; photos that aren't found any more leave the run, and are listed.
    """
    from castlist.people import refresh as refresh_run
    from castlist.showing import showing_count

    with showing_count(translate("Photos")) as on_count:
        done = refresh_run(run, on_count=on_count)
    for photo in done.lost:
        say(translate("left out: {path} ({reason})", path=str(photo.path), reason=photo.reason))
    count = len(done.run.people)
    tell(
        translate(
            "{count} {count:person is|people are} learnt anew from {photos}.", count=count, photos=_photos(done.photos)
        )
    )
    if done.lost:
        tell(translate("{photos} left the run.", photos=_photos(len(done.lost))))
    show_report(run, language)


def _ask(question: str, yes: bool) -> None:
    """Ask, where there is somebody to ask; a script has decided already."""
    if not yes and sys.stdin.isatty() and not typer.confirm(for_terminal(question), err=True):
        say(translate("Nothing was changed."))
        raise typer.Exit(1)


def _photos(count: int) -> str:
    return translate("{count} {count:photo|photos}", count=count)


def _tell_folder(photos: str, name: str, what: str) -> None:
    folder = join_below(Path(photos), name)
    if folder and is_folder(folder):
        tell(translate("Training again would learn from {folder!r} again: {what}.", folder=str(folder), what=what))


def show_report(run: Path, language: str) -> None:
    from castlist.people import renew_report

    try:
        report = renew_report(run, language=language)
    except MissingExtraError as error:
        tell(translate("The report is not made anew. {reason}", reason=error.message))
    else:
        tell(translate("Report: {address}", address=report.resolve().as_uri()) if report else no_figures())

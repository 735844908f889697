"""The verbs that change who is in a run: enrol, forget."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from castlist.cli.console import NO_FIGURES, say, showing_progress, tell
from castlist.cli.options import Language, RunFolder
from castlist.errors import MissingExtraError


def enrol(
    run: RunFolder,
    name: Annotated[str, typer.Argument(help="Somebody new, or somebody whom the run knows.")],
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Photos, folders, or patterns.")],
    language: Language = "en",
) -> None:
    """Add a person, or photos of one, to a run of the model face; no training."""
    from castlist.media import find_photos
    from castlist.people import enrol as enrol_person

    done = enrol_person(run, name, find_photos(photos))
    for photo in done.refused:
        say(f"left out: {photo.path} ({photo.reason})")
    tell(f"{name} is enrolled with {len(done.added)} photo{'s' * (len(done.added) > 1)}.")
    _show_refreshed(run, language)


def forget(
    run: RunFolder,
    name: Annotated[str, typer.Argument(help="Whom to delete.")],
    retrain: Annotated[bool, typer.Option("--retrain", help="Train a Keras model again without the person.")] = False,
    language: Language = "en",
) -> None:
    """Delete a person from a run for good, and say what was deleted and what still exists."""
    from castlist.people import forget as forget_person
    from castlist.people import retrain_without

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
        _show_refreshed(run, language)


def _show_refreshed(run: Path, language: str) -> None:
    from castlist.people import refresh

    try:
        report = refresh(run, language=language)
    except MissingExtraError as error:
        tell(f"The report is not made anew. {error}")
    else:
        tell(f"Report: {report.resolve().as_uri()}" if report else NO_FIGURES)

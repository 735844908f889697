"""The verb that puts photos in order: sort."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from castlist.cli.console import pad, say, say_note, showing, tell
from castlist.cli.options import SYSTEM, Language
from castlist.cli.words import translate
from castlist.errors import CastlistError


def sort(
    inputs: Annotated[list[str], typer.Argument(metavar="PHOTO", help="Photos, films, folders, or patterns.")],
    into: Annotated[Path, typer.Option(metavar="FOLDER", help="Where a folder for each person is made.")],
    run: Annotated[Path | None, typer.Option(help="The run folder [default: the newest finished one in runs].")] = None,
    link: Annotated[
        bool, typer.Option("--link", help="Make hard links, which take no space, instead of copies.")
    ] = False,
    language: Language = SYSTEM,
) -> None:
    """Copy photos into one folder a person; nothing is moved or overwritten, and nothing is copied twice."""
    from castlist.media import find_photos
    from castlist.naming import Recognizer
    from castlist.predicting import Remark
    from castlist.run import newest_run
    from castlist.sorting import sort_photos

    paths = find_photos(inputs, tell=say_note)
    run = run or newest_run(Path("runs"), tell=say_note).path
    recognizer = Recognizer.load(run)
    say(translate("Run: {path}", path=str(run)))
    counts: Counter[str] = Counter()
    written = 0
    for one in sort_photos(paths, recognizer, into, link=link, showing=showing):
        if isinstance(one, Remark):
            say_note(one.message, one.path)
        else:
            counts.update(one.folders)
            written += one.written
    if not counts:
        raise CastlistError("nothing-sorted", "None of the files could be put into {folder!r}.", folder=str(into))
    for folder, line in zip(counts, pad([str(into / folder) for folder in counts]), strict=True):
        tell(f"{line}  {counts[folder]}")
    done = translate("Linked: {count};", count=written) if link else translate("Copied: {count};", count=written)
    tell(f"{done} {translate('there already: {count}.', count=counts.total() - written)}")

"""The verb that brings names into other programs: tag."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from castlist.cli.console import say_note, tell
from castlist.cli.options import SYSTEM, ArchivePath, Language
from castlist.cli.words import translate
from castlist.errors import SettingsError

if TYPE_CHECKING:
    from castlist.tagging import Tagged


def tag(
    archive: ArchivePath,
    embed: Annotated[
        bool, typer.Option("--embed", help="Write into the photos themselves, where they can hold it; needs exiftool.")
    ] = False,
    perhaps: Annotated[
        bool, typer.Option("--perhaps", help="Write who somebody perhaps is, too: as a keyword, not confirmed.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be written.")] = False,
    undo: Annotated[
        bool,
        typer.Option(
            "--undo",
            help="Take out all that was written, and nothing else; of a folder of photos, what predict --xmp wrote.",
        ),
    ] = False,
    language: Language = SYSTEM,
) -> None:
    """Write who is where in an archive's photos into their metadata (XMP), for other programs; or take it out again."""
    from castlist.showing import showing_count
    from castlist.tagging import tag as tag_photos
    from castlist.tagging import undo_tags

    if undo and (embed or perhaps or dry_run):
        raise SettingsError("tag-undo-alone", "--undo takes out all that was written. Leave the other options out.")
    if dry_run:
        _show_plans(archive, embed, perhaps)
        return
    if undo:
        tell(translate("Taken back: {what}.", what=_files(undo_tags(archive, tell=say_note))))
        return
    with showing_count(translate("Photos")) as on_count:
        done = tag_photos(archive, embed=embed, perhaps=perhaps, tell=say_note, on_count=on_count)
    tell(translate("Written: {what}.", what=_files(done)))
    if done:
        tell(translate("To take it back: {command}", command=f"castlist tag {str(archive)!r} --undo"))


def hear_regions(path: Path) -> None:
    """Have an archive take over names that were given in other programs, and say how many."""
    from castlist.archive import Archive
    from castlist.showing import showing_count
    from castlist.tagging import hear_regions as hear

    with showing_count(translate("Photos")) as on_count:
        heard = hear(Archive(path), tell=say_note, on_count=on_count)
    tell(
        translate(
            "Taken over from other programs: {faces} {faces:face|faces}; {marks} {marks:mark|marks} without a face.",
            faces=heard.faces,
            marks=heard.faceless,
        )
    )


def _show_plans(archive: Path, embed: bool, perhaps: bool) -> None:
    from castlist.archive import Archive
    from castlist.tagging import plan_tags

    for _, plans, problems in plan_tags(Archive(archive), embed=embed, perhaps=perhaps):
        for plan in plans:
            tell(f"{plan.file}  {translate(', ').join([*_signed('+', plan.added), *_signed('-', plan.removed)])}")
        for problem in problems:
            say_note(problem)


def _signed(sign: str, names: tuple[str, ...]) -> list[str]:
    return [f"{sign}{name}" for name in names]


def _files(done: Tagged) -> str:
    sidecars = translate("{count} {count:sidecar|sidecars}", count=done.sidecars)
    photos = translate("{count} {count:photo|photos}", count=done.photos)
    return translate("{sidecars} and {photos}", sidecars=sidecars, photos=photos)

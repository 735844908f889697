"""The verb that asks an archive: find."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from castlist.cli.console import say, say_note, show_json, tell
from castlist.cli.options import SYSTEM, Language
from castlist.cli.words import translate, worded
from castlist.errors import SettingsError
from castlist.escaping import for_json
from castlist.places import spelled

if TYPE_CHECKING:
    from castlist.archive import ArchivedFace


def find(
    archive: Annotated[Path, typer.Option("--in", metavar="ARCHIVE", help="The archive's folder.")],
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A person's name, or 'unknown'.")] = None,
    like: Annotated[
        str | None, typer.Option(metavar="PHOTO", help="Instead of a name: whoever is like the face in this photo.")
    ] = None,
    face: Annotated[
        int | None, typer.Option(metavar="N", help="Which face of the photo of --like, from the left, from 1.")
    ] = None,
    unreadable: Annotated[
        bool, typer.Option("--unreadable", help="Instead of a name: the files that can't be read, and why.")
    ] = False,
    beside: Annotated[
        list[str] | None, typer.Option("--with", metavar="NAME", help="Who is in the photo, too; may be repeated.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Who isn't in the photo; may be repeated.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="The first day: 2019-08-02, 2019-08 or 2019.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DAY", help="The last day.")] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a contact sheet, a .jpg or .png, of the surest.")
    ] = None,
    copy_to: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Copy the photos there; nothing is overwritten.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per face.")] = False,
    language: Language = SYSTEM,
) -> None:
    """List the photos of an archive that show somebody, the surest or the likest first; or those that can't be read."""
    from castlist.archive import Archive, copy_photos, find_in_archive, find_like, parse_day, save_sheet

    if unreadable:
        given: dict[str, object] = {
            "NAME": name,
            "--like": like,
            "--face": face,
            "--with": beside,
            "--without": without,
        }
        given |= {"--from": since, "--to": until, "--sheet": sheet, "--copy-to": copy_to}
        if useless := [option for option, value in given.items() if value]:
            raise SettingsError(
                "find-unreadable",
                "--unreadable lists files that show nobody. Leave out {options}.",
                options=", ".join(useless),
            )
        _list_unreadable(archive, as_json)
        return
    if face is not None and like is None:
        raise SettingsError("find-face", "--face says which face of the photo of --like it is. Give --like PHOTO, too.")
    if (name is None) == (like is None) or (like and (beside or without)):
        raise SettingsError(
            "find-one", "Ask for a name, with --with and --without, or for --like PHOTO; not for both, nor for neither."
        )
    first, last = parse_day(since) if since else None, parse_day(until, is_last=True) if until else None
    if first and last and first > last:
        raise SettingsError(
            "days-backwards",
            "--from {since} is after --to {until}. Change the two.",
            since=str(since),
            until=str(until),
        )
    opened = Archive(archive)
    if name is not None:
        asked = {"beside": beside or (), "without": without or ()}
        found = find_in_archive(opened, name, since=first, until=last, **asked)
    else:
        found = find_like(opened, str(like), face=face, since=first, until=last)
    for one in found:
        if as_json:
            show_json(_face_json(one))
        else:
            tell(_face_line(one))
    if not found:
        say(translate("No photo shows that."))
    if sheet:
        shown = save_sheet(opened.folder, found, sheet)
        say(translate("The sheet {path!r} shows {shown} of {count}.", path=str(sheet), shown=shown, count=len(found)))
    if copy_to:
        written, there = copy_photos(opened.folder, found, copy_to, tell=say_note)
        done = translate("Copied: {count};", count=written)
        say(f"{done} {translate('there already: {count}.', count=there)}")


def face_box(face: ArchivedFace) -> list[float]:
    """Where a face is, for a program."""
    return [round(edge, 1) for edge in (face.box.left, face.box.top, face.box.right, face.box.bottom)]


def _list_unreadable(archive: Path, as_json: bool) -> None:
    from castlist.archive import Archive

    files = list(Archive(archive, only_decided=True).unreadable())
    for file in files:
        path, why = spelled(file.path), file.problem or ""
        if as_json:
            show_json(for_json({"photo": path, "problem": str(why)}))
        else:
            tell(f"{path}  {worded(why)}")
    if not files:
        say(translate("Every file can be read."))


def _face_line(face: ArchivedFace) -> str:
    where = translate("at {x:.0f},{y:.0f}", x=face.box.left, y=face.box.top)
    if face.start is not None and face.end is not None:
        where = translate("{start:.1f} s to {end:.1f} s", start=face.start, end=face.end)
    how = translate("decided") if face.is_decided else f"{face.probability:.1%}"
    line = f"{spelled(face.path)}  {face.name}  {how}  {where}"
    return line if face.likeness is None else f"{line}  {translate('likeness {cosine:.2f}', cosine=face.likeness)}"


def _face_json(face: ArchivedFace) -> str:
    record: dict[str, Any] = {"photo": spelled(face.path), "name": face.name, "probability": face.probability}
    record["box"] = face_box(face)
    if face.start is not None:
        record |= {"start": face.start, "end": face.end}
    if face.likeness is not None:
        record["likeness"] = face.likeness
    return for_json(record)

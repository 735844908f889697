"""The verb of unnamed faces: groups."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from castlist.cli.archive import SHOWN, archive_command
from castlist.cli.console import say, say_note, show_json, tell
from castlist.cli.deciding import say_conflicts, tell_taught
from castlist.cli.finding import face_box
from castlist.cli.options import SYSTEM, ArchivePath, Language
from castlist.cli.words import translate
from castlist.errors import RunError, SettingsError
from castlist.escaping import for_json
from castlist.places import spelled

if TYPE_CHECKING:
    from castlist.archive import ArchivedFace, FaceGroup


def groups(
    archive: ArchivePath,
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="N=NAME", help="Group N is this person: decided, and taught to the run; may be repeated."),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a contact sheet, a .jpg or .png, a row per group.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per group.")] = False,
    language: Language = SYSTEM,
) -> None:
    """Bring the unnamed faces of an archive together by person, the largest group first; or say who a group is."""
    from castlist.archive import Archive, group_unnamed, save_groups_sheet

    if name and (sheet or as_json):
        raise SettingsError(
            "group-name-alone", "--name decides who groups are, and lists none. Leave out --sheet and --json."
        )
    if name:
        _name(archive, [_parse(one) for one in name], language)
        return

    found = group_unnamed(archive)
    several = [group for group in found if group.number is not None]
    for group in found if as_json else several:
        if as_json:
            show_json(for_json({"group": group.number, "faces": [_face(face) for face in group.faces]}))
        else:
            tell(_line(group))
    if not as_json:
        tell(translate("{count} {count:face is|faces are} alone.", count=len(found) - len(several)))
    if several and not as_json:
        number = several[0].number
        words = f"castlist groups {str(archive)!r} --name {number}=NAME"
        say(translate("To say who group {number} is: {command}", number=str(number), command=words))
    opened = Archive(archive)
    say_conflicts(opened)
    if sheet:
        shown = save_groups_sheet(opened.folder, several, sheet)
        say(translate("The sheet {path!r} shows {shown} of {count}.", path=str(sheet), shown=shown, count=len(several)))


def _name(archive: Path, named: Sequence[tuple[int, str]], language: str) -> None:
    from castlist.archive import Archive, ArchiveFolder, name_groups
    from castlist.people import teach

    names = dict(named)
    if len(names) < len(named):
        numbers = [number for number, _ in named]
        twice = next(number for number in numbers if numbers.count(number) > 1)
        raise SettingsError("group-twice", "Group {number} is named twice. Give it one name.", number=twice)
    run = Path(ArchiveFolder.here(archive).run())  # before anything is decided
    for group, name in zip(name_groups(archive, names), names.values(), strict=True):
        tell(translate("{faces} {faces:face is|faces are} {name} now.", faces=len(group.faces), name=name))
    tell(translate("Decided. To take it back: {command}", command=f"castlist undo {str(archive)!r}"))
    opened = Archive(archive)
    say_conflicts(opened)
    record = opened.folder.record()
    try:
        taught = teach(run, archive)
    except BaseException as error:  # the name holds in the archive all the same
        if isinstance(error, RunError) and error.code == "learnt-for-good":
            say_note(error)
            return
        words = f"castlist teach {str(run)!r} --from {str(archive)!r}"
        say(translate("The run hasn't learnt it yet. To teach it: {command}", command=words))
        raise
    tell_taught(run, taught, language)
    command = archive_command(record.root, run, archive, record.together, record.stranger_rate)
    tell(translate("To name others of the archive by that, without a look: {command}", command=command))


def _parse(text: str) -> tuple[int, str]:
    number, _, name = text.partition("=")
    if not (number.isdecimal() and name.strip()):
        raise SettingsError(
            "group-name", "--name must be a group's number and a name, such as 7=Ana. Got {text!r} instead.", text=text
        )
    return int(number), name.strip()


def _line(group: FaceGroup) -> str:
    photos = list(dict.fromkeys(face.path.name for face in group.faces))
    names = ", ".join(photos[:SHOWN]) + ", ..." * (len(photos) > SHOWN)
    count = translate("{count} {count:face|faces}", count=len(group.faces))
    return f"{group.number}  {count}  {names}"


def _face(face: ArchivedFace) -> dict[str, Any]:
    times = {} if face.start is None else {"start": face.start, "end": face.end}
    return {"photo": spelled(face.path), "box": face_box(face), **times}

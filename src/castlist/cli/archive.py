"""The verbs of archives: archive, find, decide, teach."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from castlist.cli.console import pad, say, say_note, show_json, tell, telling_interruption
from castlist.cli.options import SYSTEM, ArchivePath, Language, RunFolder
from castlist.cli.people import show_report
from castlist.cli.tagging import hear_regions
from castlist.cli.words import translate
from castlist.errors import SettingsError
from castlist.escaping import for_json

if TYPE_CHECKING:
    from castlist.archive import Archive, ArchivedFace, Edges, Kind


def archive(
    photos: Annotated[Path, typer.Argument(metavar="PHOTOS", help="A folder of photos and films, however deep.")],
    out: Annotated[Path, typer.Option(metavar="ARCHIVE", help="The archive's folder; made, or gone on with.")],
    run: Annotated[Path | None, typer.Option(help="The run folder [default: the newest finished one in runs].")] = None,
    together: Annotated[
        bool, typer.Option("--together", help="Let photos help each other to be named; model face only.")
    ] = False,
    stranger_rate: Annotated[
        float | None, typer.Option(help="Share of strangers that may be given a name [default: the run's].")
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Do only this share of the work, such as 1/4, beside others who do theirs."),
    ] = None,
    from_regions: Annotated[
        bool,
        typer.Option("--from-regions", help="Take names that were given in other programs, in XMP, as decisions."),
    ] = False,
    language: Language = SYSTEM,
) -> None:
    """Look at all photos of a folder once, and keep who is in them; again: only what is new, changed or named anew."""
    from castlist.archive import fill_archive
    from castlist.run import newest_run

    run = run or newest_run(Path("runs"), tell=say_note).path
    words = archive_command(photos, run, out, together, stranger_rate)
    again = words + (f" --unit {unit}" if unit else "")
    with telling_interruption(lambda: again), _showing_pace(translate("Photos")) as on_count:
        done = fill_archive(
            photos,
            run,
            out,
            together=together,
            stranger_rate=stranger_rate,
            share=_share(unit) if unit else None,
            tell=say_note,
            on_count=on_count,
        )
    tell(
        translate(
            "Looked at {files} {files:file|files}; {faces} {faces:face was|faces were} named anew without a look.",
            files=done.looked,
            faces=done.renamed,
        )
    )
    if unit:
        tell(
            translate(
                "That was share {unit}. When all are done: {command}",
                unit=unit,
                command=words,
            )
        )
        return
    if from_regions:
        hear_regions(out)
    _tell_counts(out)


def find(
    archive: Annotated[Path, typer.Option("--in", metavar="ARCHIVE", help="The archive's folder.")],
    name: Annotated[str | None, typer.Argument(help="A person's name, or 'unknown'.")] = None,
    like: Annotated[
        str | None, typer.Option(metavar="PHOTO", help="Instead of a name: whoever is like the face in this photo.")
    ] = None,
    face: Annotated[
        int | None, typer.Option(metavar="N", help="Which face of the photo of --like, from the left, from 1.")
    ] = None,
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
    """List the photos of an archive that show somebody, the surest or the likest first."""
    from castlist.archive import Archive, find_in_archive, find_like, parse_day, save_sheet
    from castlist.sorting import put

    if (name is None) == (like is None) or (like and (beside or without)):
        raise SettingsError(
            "find-one", "Ask for a name, with --with and --without, or for --like PHOTO; not for both, nor for neither."
        )
    first, last = parse_day(since) if since else None, parse_day(until, is_last=True) if until else None
    if name is not None:
        asked = {"beside": beside or (), "without": without or ()}
        found = find_in_archive(Archive(archive), name, since=first, until=last, **asked)
    else:
        found = find_like(Archive(archive), str(like), face=face, since=first, until=last)
    for one in found:
        if as_json:
            show_json(_face_json(one))
        else:
            tell(_face_line(one))
    if not found:
        say(translate("No photo shows that."))
    if sheet:
        shown = save_sheet(found, sheet)
        say(translate("The sheet {path!r} shows {shown} of {count}.", path=str(sheet), shown=shown, count=len(found)))
    if copy_to:
        paths = list(dict.fromkeys(one.path for one in found))
        written = sum(put(path, copy_to) for path in paths)
        done = translate("Copied: {count};", count=written)
        say(f"{done} {translate('there already: {count}.', count=len(paths) - written)}")


def decide(
    archive: ArchivePath,
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="A photo of the archive.")],
    is_: Annotated[str | None, typer.Option("--is", metavar="NAME", help="The face is this person.")] = None,
    is_not: Annotated[str | None, typer.Option(metavar="NAME", help="The face isn't this person.")] = None,
    stranger: Annotated[bool, typer.Option("--stranger", help="The face is nobody who will ever be named.")] = False,
    no_face: Annotated[bool, typer.Option("--no-face", help="It is no face at all.")] = False,
    same: Annotated[
        str | None, typer.Option(metavar="PHOTO", help="The face of this photo is the same person.")
    ] = None,
    different: Annotated[
        str | None, typer.Option(metavar="PHOTO", help="The face of this photo is another person.")
    ] = None,
    face: Annotated[
        int | None, typer.Option(metavar="N", help="Which face of the photo, counted from the left, from 1.")
    ] = None,
    box: Annotated[
        str | None, typer.Option(metavar="L,T,R,B", help="Where the face is in the photo, instead of --face.")
    ] = None,
    other_face: Annotated[
        int | None, typer.Option(metavar="N", help="Which face of the photo of --same or --different.")
    ] = None,
    language: Language = SYSTEM,
) -> None:
    """Decide who a face of an archive is; nothing that is computed ever overrides it, and undo takes it back."""
    from castlist.archive import Archive

    asked = Archive(archive)
    chosen = list(_kinds(is_, is_not, stranger, no_face, same, different))
    if len(chosen) != 1:
        raise SettingsError(
            "decide-one",
            "Decide one thing: --is NAME, --is-not NAME, --stranger, --no-face, --same PHOTO or --different PHOTO. "
            "Got {count} of them.",
            count=len(chosen),
        )
    ((kind, value),) = chosen
    spot = asked.spot(photo, face=face, box=_box(box) if box else None)
    other = asked.spot(str(value), face=other_face) if kind in ("same", "different") else None
    asked.decide(kind, spot, name=str(value) if kind in ("is", "is-not") else None, other=other)
    tell(translate("Decided. To take it back: {command}", command=f"castlist undo {str(archive)!r}"))
    _say_conflicts(asked)


def teach(
    run: RunFolder,
    source: Annotated[Path, typer.Option("--from", metavar="ARCHIVE", help="The archive's folder.")],
    language: Language = SYSTEM,
) -> None:
    """Enrol in a run the faces of an archive that somebody decided to be a person."""
    from castlist.people import teach as teach_run

    tell_taught(run, teach_run(run, source), language)


def archive_command(photos: str | Path, run: str | Path, out: Path, together: bool, stranger_rate: float | None) -> str:
    """What makes an archive, or goes on with it."""
    words = f"castlist archive {str(photos)!r} --run {str(run)!r} --out {str(out)!r}"
    return words + " --together" * together + (f" --stranger-rate {stranger_rate}" if stranger_rate else "")


def tell_taught(run: Path, taught: Mapping[str, int], language: str) -> None:
    """Say what a run was taught, and write its report anew."""
    for name, line in zip(taught, pad(list(taught)), strict=True):
        tell(f"{line}  {translate('{count} {count:face|faces} added', count=taught[name])}")
    if not any(taught.values()):
        tell(translate("Nothing was added: the run knows every face that was decided on."))
        return
    tell(translate("To take the last person back: {command}", command=f"castlist undo {str(run)!r}"))
    show_report(run, language)


def face_box(face: ArchivedFace) -> list[float]:
    """Where a face is, for a program."""
    return [round(edge, 1) for edge in (face.box.left, face.box.top, face.box.right, face.box.bottom)]


def _kinds(*values: str | bool | None) -> Iterator[tuple[Kind, str | bool]]:
    """What was asked to be decided."""
    kinds: tuple[Kind, ...] = ("is", "is-not", "stranger", "no-face", "same", "different")
    yield from ((kind, value) for kind, value in zip(kinds, values, strict=True) if value)


def _share(text: str) -> tuple[int, int]:
    which, _, count = text.partition("/")
    if not (which.isdecimal() and count.isdecimal()):
        raise SettingsError("unit-share", "--unit must be I/N, such as 1/4. Got {text!r} instead.", text=text)
    return int(which), int(count)


def _box(text: str) -> Edges:
    try:
        left, top, right, bottom = map(float, text.split(","))
    except ValueError:
        raise SettingsError(
            "box-edges", "--box must be left,top,right,bottom in pixels. Got {text!r} instead.", text=text
        ) from None
    return left, top, right, bottom


def _tell_counts(path: Path) -> None:
    from castlist.archive import Archive

    opened = Archive(path)
    counts = opened.counts()
    unknown = counts.faces - counts.named - counts.perhaps
    tell(
        translate(
            "{count} {count:file|files}: {empty} without a face, {failed} can't be read.",
            count=counts.photos,
            empty=counts.empty,
            failed=counts.failed,
        )
    )
    if counts.gone:
        tell(translate("{count} more {count:was|were} there once.", count=counts.gone))
    tell(
        translate(
            "{count} {count:face|faces}: {named} named, {perhaps} perhaps, {unknown} unknown.",
            count=counts.faces,
            named=counts.named,
            perhaps=counts.perhaps,
            unknown=unknown,
        )
    )
    _say_conflicts(opened)


def _say_conflicts(opened: Archive) -> None:
    for conflict in opened.verdicts.conflicts:
        say(translate("careful: {doubt}", doubt=conflict))


def _face_line(face: ArchivedFace) -> str:
    where = translate("at {x:.0f},{y:.0f}", x=face.box.left, y=face.box.top)
    if face.start is not None and face.end is not None:
        where = translate("{start:.1f} s to {end:.1f} s", start=face.start, end=face.end)
    how = translate("decided") if face.is_decided else f"{face.probability:.1%}"
    line = f"{face.path}  {face.name}  {how}  {where}"
    return line if face.likeness is None else f"{line}  {translate('likeness {cosine:.2f}', cosine=face.likeness)}"


def _face_json(face: ArchivedFace) -> str:
    record: dict[str, Any] = {"photo": str(face.path), "name": face.name, "probability": face.probability}
    record["box"] = face_box(face)
    if face.start is not None:
        record |= {"start": face.start, "end": face.end}
    if face.likeness is not None:
        record["likeness"] = face.likeness
    return for_json(record)


@contextmanager
def _showing_pace(what: str) -> Iterator[Callable[[int, int], None]]:
    """As `showing_count`, with how many things a second."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from castlist.showing import on_stderr

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    with Progress(*columns, TimeRemainingColumn(), **on_stderr(Console(stderr=True))) as bar:
        task = bar.add_task(what, total=None, pace="")

        def on_count(done: int, total: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(
                task, completed=done, total=total, pace=translate("{count:.1f} a second", count=speed) if speed else ""
            )

        yield on_count

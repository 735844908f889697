"""The verbs of what people decide about an archive's faces: decide, teach; and what undo does there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from castlist.cli.console import pad, say, tell
from castlist.cli.options import SYSTEM, ArchivePath, Language, RunFolder
from castlist.cli.people import show_report
from castlist.cli.words import translate
from castlist.errors import SettingsError

if TYPE_CHECKING:
    from castlist.archive import Archive, Edges, Kind
    from castlist.people import Taught


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
    if face is not None and box is not None:
        raise SettingsError(
            "decide-which-face", "--face N or --box L,T,R,B says which face it is. Give one of the two."
        )
    if other_face is not None and kind not in ("same", "different"):
        raise SettingsError(
            "decide-no-other", "--other-face is for the photo of --same or --different. For PHOTO itself: --face N."
        )
    spot = asked.spot(photo, face=face, box=_box(box) if box else None)
    other = asked.spot(str(value), face=other_face) if kind in ("same", "different") else None
    asked.decide(kind, spot, name=str(value) if kind in ("is", "is-not") else None, other=other)
    tell(translate("Decided. To take it back: {command}", command=f"castlist undo {str(archive)!r}"))
    say_conflicts(asked)


def teach(
    run: RunFolder,
    source: Annotated[Path, typer.Option("--from", metavar="ARCHIVE", help="The archive's folder.")],
    language: Language = SYSTEM,
) -> None:
    """Teach a run what was decided about an archive's faces: who is a person, and who is only like one."""
    from castlist.people import teach as teach_run

    tell_taught(run, teach_run(run, source), language)


def tell_taught(run: Path, taught: Taught, language: str) -> None:
    """Say what a run was taught, and write its report anew."""
    for name, line in zip(taught.added, pad(list(taught.added)), strict=True):
        tell(f"{line}  {translate('{count} {count:face|faces} added', count=taught.added[name])}")
    for name, count in taught.apart.items():
        if count:
            tell(
                translate(
                    "{count} {count:look-alike|look-alikes} of {name} {count:isn't|aren't} named so any more.",
                    count=count,
                    name=name,
                )
            )
    if taught.freed:
        tell(translate("{count} {count:look-alike is|look-alikes are} taken back.", count=taught.freed))
    if not any((*taught.added.values(), *taught.apart.values(), taught.freed)):
        tell(translate("Nothing was added: the run knows every face that was decided on."))
        return
    tell(translate("To take the last person back: {command}", command=f"castlist undo {str(run)!r}"))
    show_report(run, language)


def say_conflicts(opened: Archive) -> None:
    """Say where decisions contradict each other, or wait for a face."""
    for conflict in opened.verdicts.conflicts:
        say(translate("careful: {doubt}", doubt=conflict))


def _kinds(*values: str | bool | None) -> Iterator[tuple[Kind, str | bool]]:
    """What was asked to be decided."""
    kinds: tuple[Kind, ...] = ("is", "is-not", "stranger", "no-face", "same", "different")
    yield from ((kind, value) for kind, value in zip(kinds, values, strict=True) if value)


def _box(text: str) -> Edges:
    try:
        left, top, right, bottom = map(float, text.split(","))
        if left < right < math.inf and top < bottom < math.inf:
            return left, top, right, bottom
    except ValueError:  # no four numbers
        pass
    raise SettingsError("box-edges", "--box must be left,top,right,bottom in pixels. Got {text!r} instead.", text=text)

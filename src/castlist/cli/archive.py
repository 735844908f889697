"""The verb that makes archives: archive."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from castlist.cli.console import say_note, tell, telling_interruption
from castlist.cli.deciding import say_conflicts
from castlist.cli.options import SYSTEM, Language
from castlist.cli.tagging import hear_regions
from castlist.cli.words import translate
from castlist.errors import SettingsError

SHOWN = 5  # names of a line


def archive(
    out: Annotated[str, typer.Option(metavar="ARCHIVE", help="The archive's folder; made, or gone on with.")],
    photos: Annotated[
        str | None, typer.Argument(metavar="PHOTOS", help="A folder of photos and films, however deep.")
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The run folder [default: the newest finished one in runs]."),
    ] = None,
    together: Annotated[
        bool, typer.Option("--together", help="Let photos help each other to be named; model face only.")
    ] = False,
    stranger_rate: Annotated[
        float | None, typer.Option(help="Share of strangers that may be given a name [default: the run's].")
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Instead of PHOTOS: what castlist manifest wrote.")
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Do only this share of the work, such as 1/4, beside others who do theirs."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", help="Have N processes look; a photo that ends or stops one of them is set aside."),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Have the machines of a Ray cluster look, such as auto or head:6379."),
    ] = None,
    from_regions: Annotated[
        bool,
        typer.Option("--from-regions", help="Take names that were given in other programs, in XMP, as decisions."),
    ] = False,
    language: Language = SYSTEM,
) -> None:
    """Look at all photos of a folder once, and keep who is in them; again: only what is new, changed or named anew."""
    from castlist.archive import fill_archive
    from castlist.places import is_address
    from castlist.run import newest_run
    from castlist.showing import showing_count

    run = run or str(newest_run(Path("runs"), tell=say_note).path)
    words = archive_command(photos, run, out, together, stranger_rate, manifest) + " --from-regions" * from_regions
    again = words + f" --unit {unit}" * bool(unit) + f" --workers {workers}" * bool(workers)
    again += f" --ray {ray!r}" * bool(ray)
    with (
        telling_interruption(lambda: again),
        showing_count(
            translate("Photos"), pace=lambda speed: translate("{count:.1f} a second", count=speed)
        ) as on_count,
    ):
        done = fill_archive(
            photos,
            run,
            out,
            together=together,
            stranger_rate=stranger_rate,
            manifest=manifest,
            share=_share(unit) if unit else None,
            workers=workers,
            ray=ray,
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
    if done.moved:
        tell(
            translate(
                "{count} {count:file has|files have} moved, and {count:wasn't|weren't} looked at.", count=done.moved
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
    if is_address(out):
        tell(translate("To ask the archive, copy it to a folder."))
        return
    if from_regions:
        hear_regions(Path(out))
    _tell_counts(Path(out))


def archive_command(
    photos: str | None,
    run: str | Path,
    out: str | Path,
    together: bool,
    stranger_rate: float | None,
    manifest: Path | None = None,
) -> str:
    """What makes an archive, or goes on with it."""
    source = repr(photos) if photos is not None else f"--manifest {str(manifest)!r}"
    words = f"castlist archive {source} --run {str(run)!r} --out {str(out)!r}"
    return words + " --together" * together + (f" --stranger-rate {stranger_rate}" if stranger_rate else "")


def _share(text: str) -> tuple[int, int]:
    which, _, count = text.partition("/")
    if not (which.isdecimal() and count.isdecimal()):
        raise SettingsError("unit-share", "--unit must be I/N, such as 1/4. Got {text!r} instead.", text=text)
    return int(which), int(count)


def _tell_counts(path: Path) -> None:
    from castlist.archive import Archive

    opened = Archive(path, only_decided=True)
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
    if counts.failed:
        some = ", ".join(file.name for file in islice(opened.unreadable(), SHOWN))
        tell(
            translate(
                "Can't be read: {names}. Why, and all of them: {command}",
                names=some + ", ..." * (counts.failed > SHOWN),
                command=f"castlist find --unreadable --in {str(path)!r}",
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
    say_conflicts(opened)

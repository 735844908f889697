"""The verb that says what is wrong with photos, and moves them as decided: check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from platformdirs import user_downloads_path

from castlist.cli.console import findings_json, findings_lines, say, say_note, show_json, tell
from castlist.cli.options import SYSTEM, FromRegions, Language
from castlist.cli.words import translate
from castlist.errors import SettingsError


def check(
    photos: Annotated[
        Path | None,
        typer.Argument(metavar="PHOTOS", help="One folder of photos per person, or any folder.", show_default=False),
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Another folder, none of whose pictures should be in this one.")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(help="Write a page of pictures to decide by, and DECISIONS.toml beside it."),
    ] = None,
    from_regions: FromRegions = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object per finding.")] = False,
    fail_on: Annotated[
        str | None, typer.Option(help="Exit with 1 if there is a finding of this severity or worse: high, medium, low.")
    ] = None,
    apply: Annotated[Path | None, typer.Option(help="Move photos as this DECISIONS.toml says; checks nothing.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Move back what was last moved in PHOTOS.")] = False,
    language: Language = SYSTEM,
) -> None:
    """Say what is wrong with a folder of photos, worst first; moves files only with --apply, and deletes none."""
    from castlist.checks import check_photos, severities_from
    from castlist.showing import showing_stages

    if fail_on is not None:
        severities_from(fail_on)  # told before the long look
    if from_regions and html is not None:
        raise SettingsError(
            "html-of-regions",
            "The page of --html moves photos between people's folders. Leave it out with --from-regions.",
        )
    if apply is not None or undo:
        given = {"--against": against, "--html": html, "--json": json_, "--fail-on": fail_on}
        given["--from-regions"] = from_regions
        if useless := [option for option, value in given.items() if value]:
            raise SettingsError(
                "options-of-a-check",
                "--apply and --undo move photos and check nothing. Leave out {options}.",
                options=", ".join(useless),
            )
        _move(photos, apply, undo)
        return
    if photos is None:
        raise SettingsError("nothing-to-check", "There is nothing to check. Give a folder of photos.")
    stages = {"Photos": translate("Photos"), "Copies": translate("Copies"), "Names": translate("Names")}
    with showing_stages() as begin:
        findings = check_photos(
            photos, against=against, from_regions=from_regions, on_stage=lambda stage: begin(stages[stage])
        )
    for line in findings_json(findings) if json_ else findings_lines(findings):
        show_json(line) if json_ else tell(line)
    for note in findings.notes:
        say_note(note)
    for line in findings.summary_lines(language):
        say(line)
    if html is not None:
        from castlist.checks import write_check

        decisions = write_check(findings, html, language=language)
        say(translate("Page: {address}; decisions: {path}", address=html.resolve().as_uri(), path=str(decisions)))
    if fail_on is not None and findings.at_least(fail_on):
        raise typer.Exit(1)


def _move(photos: Path | None, decisions: Path | None, undo: bool) -> None:
    from castlist.checks import apply_decisions, find_decisions, need_decided, read_decisions, undo_moves

    if undo and (photos is None or decisions is not None):
        raise SettingsError(
            "undo-where",
            "--undo takes back what was last moved in a folder. Give that folder, without --apply.",
        )
    if decisions is not None:
        downloads = user_downloads_path()
        decisions = find_decisions(decisions, downloads)
        read = read_decisions(decisions, photos)
        need_decided(decisions, read, downloads)
        moved = apply_decisions(read)
        line = translate("Moved: {count}", count=moved.moved)
        if moved.before:
            line += translate("; moved before: {count}", count=moved.before)
        tell(line)
        if moved.aside.is_dir():
            tell(translate("Photos set aside lie in {folder!r}.", folder=str(moved.aside)))
        if moved.moved or moved.before:
            tell(translate("To take it back: {command}", command=f"castlist check {str(read.root)!r} --undo"))
    elif photos is not None:
        tell(translate("Moved back: {count}", count=undo_moves(photos).moved))

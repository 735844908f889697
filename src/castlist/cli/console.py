"""What the command shows: progress on stderr, answers as lines, JSON and rows of a table."""

from __future__ import annotations

import codecs
import contextlib
import csv
import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from castlist.cli.words import spoken, translate, worded
from castlist.errors import CastlistError, Message
from castlist.escaping import for_json, for_terminal
from castlist.threads import OnCount

if TYPE_CHECKING:
    from castlist.checks import Findings
    from castlist.learning import Evaluation
    from castlist.naming import NamedFace, NamedFilm, NamedPhoto, Sighting
    from castlist.predicting import Tally
    from castlist.run import Run

_WITHOUT_WIDTH = ("Mn", "Me", "Cf")  # accents, vowels of Thai and other scripts, what joins letters
SHOWN_FILES = 10  # of a finding; --json and --html show all


@contextlib.contextmanager
def telling_interruption(how: Callable[[], str]) -> Iterator[None]:
    """On Ctrl+C, say how to go on, where there is a way; empty: there is none."""
    try:
        yield
    except KeyboardInterrupt:  # or what `castlist.stopping` makes of another signal to end
        if words := how():
            _say_interrupted(words)
        raise


@contextlib.contextmanager
def showing_training(*, resumable: bool = True) -> Iterator[dict[str, Any]]:
    """The callbacks of `learn`, as `castlist.watching.showing_progress` gives them, in the command's language."""
    from castlist.watching import showing_progress

    with showing_progress(language=spoken(), resumable=resumable, on_interruption=_say_interrupted) as show:
        yield show


def showing(what: Message) -> contextlib.AbstractContextManager[OnCount]:
    """Shows how far something is while it lasts."""
    from castlist.showing import showing_count

    return showing_count(worded(what))


def _say_interrupted(how: str) -> None:
    say("castlist: " + translate("interrupted; go on with: {command}", command=how))


def no_figures() -> str:
    """That a run has none."""
    return translate("There are too few photos to keep some for a test, so there are no figures and no report.")


def show_result(run: Run, evaluation: Evaluation | None) -> None:
    """Print how good a run is, what its curves say, and where its report lies."""
    if evaluation is None:
        tell(no_figures())
        tell(translate("Run: {path}", path=str(run.path)))
        return
    from castlist.languages import translator
    from castlist.learning import describe_diagnosis, describe_end, diagnose
    from castlist.run import read_history

    low, high = evaluation.accuracy_interval
    history = read_history(run)
    line = translate(
        "{share:.1%} of {tested} named rightly (95 % interval {low:.1%} to {high:.1%})",
        share=evaluation.accuracy,
        tested=tested_on(run, evaluation),
        low=low,
        high=high,
    )
    tell(line + (translate(", loss {loss:.3f}", loss=evaluation.loss) if history else "") + translate("."))
    for score, named in zip(evaluation.persons, evaluation.confusion.sum(axis=0).tolist(), strict=False):
        if not score.photos:
            tell("  " + translate("{person}: not tested", person=score.person))
            continue
        tell(
            "  "
            + translate(
                "{person}: recall {recall:.1%}, precision {precision}, {count} {what}",
                person=score.person,
                recall=score.recall,
                precision=f"{score.precision:.1%}" if named else "-",  # who was never named has none
                count=score.photos,
                what=_what(run, score.photos),
            )
        )
    words = translator(spoken())
    if end := describe_end(history, run.settings, words):
        tell(end)
    diagnosis = diagnose(history, len(run.sides["validation"]))
    if diagnosis:
        tell(" ".join(describe_diagnosis(diagnosis, words)))
    tell(translate("Report: {address}", address=(run.path / "report.html").resolve().as_uri()))


def tested_on(run: Run, evaluation: Evaluation) -> str:
    """How many photos or sequences a run was tested on."""
    count, frames = len(evaluation.files), run.settings.frames
    if frames == 1:
        return translate("{count} test {count:photo|photos}", count=count)
    return translate("{count} test {count:sequence|sequences} of {frames} photos", count=count, frames=frames)


def _what(run: Run, count: int) -> str:
    if run.settings.frames == 1:
        return translate("{count:photo|photos}", count=count)
    return translate("{count:sequence|sequences}", count=count)


def film_lines(film: NamedFilm, width: int) -> str:
    """A film's sightings, a line each, names of files `width` wide."""
    path = pad_to(for_terminal(str(film.path)), width)
    if not film.sightings:
        return f"{path}  -  ({worded(film.problem) if film.problem else translate('no face found')})"
    lines = [
        f"{path}  {_who(one)}  " + translate("{start:.1f} s to {end:.1f} s", start=one.start, end=one.end)
        for one in film.sightings
    ]
    return "\n".join([*lines, f"{path}  -  ({worded(film.problem)})"] if film.problem else lines)


def photo_lines(photo: NamedPhoto, width: int = 0) -> str:
    """A photo's answers from left to right, each with the face's upper left corner; the file's name `width` wide."""
    path = pad_to(for_terminal(str(photo.path)), width)
    if photo.problem:
        return f"{path}  -  ({for_terminal(worded(photo.problem))})"
    if not photo.faces:
        return f"{path}  -  ({translate('no face found')})"
    lines = []
    for face in photo.from_left:
        box = face.box
        where = "  " + translate("at {x:.0f},{y:.0f}", x=box.left, y=box.top) if box else ""
        lines.append(f"{path}  {_who(face)}{where}{f'  ({worded(face.problem)})' if face.problem else ''}")
    return "\n".join(lines)


def _who(one: NamedFace | Sighting) -> str:
    from castlist.media import UNKNOWN

    if one.perhaps is not None:
        return f"{for_terminal(translate('perhaps {name}', name=one.perhaps))}  {one.perhaps_probability:.1%}"
    return f"{for_terminal(translate('unknown') if one.name == UNKNOWN else one.name)}  {one.probability:.1%}"


def tally_lines(tally: Tally) -> Iterator[str]:
    """In how many photos and films who was seen, a line each."""
    rows = [(for_terminal(name), count) for name, count in tally.people.most_common()]
    others = {
        translate("perhaps somebody"): tally.perhaps,
        translate("unknown"): tally.strangers,
        translate("no face"): tally.faceless,
        translate("not read"): tally.unread,
    }
    rows += [(what, count) for what, count in others.items() if count]
    yield translate("Of {count} photos and films, seen in:", count=tally.files)
    for name, (_, count) in zip(pad([name for name, _ in rows]), rows, strict=True):
        yield f"  {name}  {count}"


def findings_lines(findings: Findings) -> Iterator[str]:
    """Findings as a table, a line each: severity, kind, what is meant, and where."""
    from castlist.checks import describe

    for one in findings.findings:
        files = [
            str(path.relative_to(findings.root) if path.is_relative_to(findings.root) else path) for path in one.photos
        ]
        more = "  " + translate("and {count} more", count=len(files) - SHOWN_FILES) if len(files) > SHOWN_FILES else ""
        where = "  ".join(files[:SHOWN_FILES]) + more
        yield for_terminal(f"{one.severity:<6}  {one.kind:<13}  {describe(one, spoken())}  {where}".rstrip())


def findings_json(findings: Findings) -> Iterator[str]:
    """Findings as JSON objects, one each."""
    for one in findings.findings:
        record: dict[str, Any] = {
            "severity": one.severity,
            "kind": one.kind,
            "photos": [str(path) for path in one.photos],
        }
        record |= {"people": list(one.people), "message": one.message}
        if one.probability is not None:
            record |= {"rather": one.rather, "probability": one.probability}
        yield for_json(record)


def tell(text: str) -> None:
    """Print a line of what was asked for."""
    print(for_terminal(text))


def say(text: str) -> None:
    """Print a line on stderr; where that takes none, as a full disk, the answers go on all the same."""
    try:
        print(for_terminal(text), file=sys.stderr)
    except BrokenPipeError:  # whoever asked is gone
        raise
    except OSError:
        pass


def say_note(note: Message | CastlistError, path: Path | None = None) -> None:
    """Print a sentence of the library's on stderr, on a file or on all."""
    say(f"{path}: {worded(note)}" if path else worded(note))


def show_json(line: str) -> None:
    """Print a line of JSON, in ASCII where the output isn't UTF-8: whoever reads it expects that or nothing else."""
    is_utf8 = codecs.lookup(sys.stdout.encoding or "ascii").name == "utf-8"
    print(line if is_utf8 else json.dumps(json.loads(line)), flush=True)


def show_rows(rows: Iterable[Sequence[str]]) -> None:
    """Print rows of a table."""
    csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
    sys.stdout.flush()


def pad(cells: Sequence[str]) -> list[str]:
    """Cells as wide as the widest of them."""
    width = max(map(width_of, cells), default=0)
    return [pad_to(cell, width) for cell in cells]


def pad_to(cell: str, width: int) -> str:
    """A cell so many letters wide; a Chinese character is as wide as two."""
    return cell + " " * (width - width_of(cell))


def width_of(text: str) -> int:
    """How many letters wide a terminal shows a text."""
    # In one form, since parts of a Korean letter are as wide as it only together.
    shown = [one for one in unicodedata.normalize("NFC", text) if unicodedata.category(one) not in _WITHOUT_WIDTH]
    return len(shown) + sum(unicodedata.east_asian_width(one) in "WF" for one in shown)

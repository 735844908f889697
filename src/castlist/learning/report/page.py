"""The report's page: what its template shows, gathered from a run and its evaluation."""

from __future__ import annotations

import datetime
import functools
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from castlist.errors import RunError, fill, needs_extra
from castlist.files import write_bytes, write_text
from castlist.languages import Translate, translate_message, translator
from castlist.learning.comparison import flatten
from castlist.learning.diagnosis import describe_diagnosis, describe_end, diagnose
from castlist.learning.evaluation import Evaluation
from castlist.learning.report import figures
from castlist.learning.report.pictures import data_uri, jpeg_uri, read_thumbnails
from castlist.media import one_form, person_of
from castlist.run import Epoch, Run, best_epoch
from castlist.settings import Settings, read_settings

with needs_extra("learn", "Writing a report"):
    import jinja2
    from matplotlib.figure import Figure

TOP = 3  # answers shown for a photo named wrongly
TAGS = {"en": "en", "zh-TW": "zh-Hant-TW"}  # of languages, as HTML writes them

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EmbeddedFigure:
    """A figure for bright and for dark screens, as addresses that hold it whole."""

    light: str
    dark: str
    width: int  # pixels on a screen
    height: int


@dataclass(frozen=True)
class Answer:
    """What was answered for a test photo."""

    file: str
    picture: str | None  # address; None when the photo is gone
    true: str
    predicted: str
    top: tuple[tuple[str, float], ...]  # person, probability

    @property
    def right(self) -> bool:
        return self.true == self.predicted


def write_report(run: Run, evaluation: Evaluation, history: Sequence[Epoch], *, language: str = "en") -> Path:
    """Write figures/*.png and report.html into a run folder, each beside and renamed.

    Test photos are shown if they still lie where they were learned from; without them the report says so.

    Args:
        run: The run.
        evaluation: Its answers on the test side.
        history: Its epochs; empty for a model that isn't trained in epochs.
        language: One of castlist.languages.LANGUAGES.

    Returns:
        The page's path.

    Raises:
        SettingsError: If the language is unknown.
        CastlistError: If a file can't be written.
        MissingExtraError: If matplotlib or Jinja2 is missing.
    """
    translate = translator(language)
    # Figures need a font with the characters of both the names and the language.
    words, families, missing = figures.language_and_fonts(language, evaluation.people)
    light, dark = (figures.Style(palette, families, words) for palette in (figures.LIGHT, figures.DARK))
    # Unknown comes last, where the index NOBODY finds it.
    people = (*evaluation.people, translate("unknown"))
    names = [*(figures.short_name(name, missing) for name in evaluation.people), light.translate("unknown")]

    sample = _sample(evaluation, run.settings.seed)
    wrong = evaluation.wrong.tolist()
    thumbnails = read_thumbnails(run, [evaluation.files[row] for row in [*sample, *wrong]])
    tiles = [
        (thumbnails[evaluation.files[row]], names[evaluation.truth[row]], names[evaluation.predicted[row]])
        for row in sample
        if evaluation.files[row] in thumbnails
    ]
    drawings: dict[str, Callable[[figures.Style], Figure]] = {
        "confusion": functools.partial(figures.draw_confusion, evaluation, names),
        "reliability": functools.partial(figures.draw_reliability, evaluation),
    }
    diagnosis = diagnose(history, len(run.sides["validation"]))
    if history:
        drawings["accuracy"] = functools.partial(figures.draw_accuracy, history)
        drawings["loss"] = functools.partial(figures.draw_loss, history, diagnosis)
    pngs = {name: (figures.render_png(draw(light)), figures.render_png(draw(dark))) for name, draw in drawings.items()}
    pictures = {"confusion.png": pngs["confusion"][0], "reliability.png": pngs["reliability"][0]}
    if history:
        pictures["curves.png"] = figures.render_png(figures.draw_curves(history, diagnosis, light))
    if tiles:
        pictures["test-grid.png"] = figures.render_png(figures.draw_test_grid(tiles, light))
    for name, png in pictures.items():
        write_bytes(run.figures_path / name, png, private=True)

    def answers(rows: Sequence[int]) -> list[Answer]:
        return [_answer(evaluation, people, row, thumbnails) for row in rows]

    page = template("report.html.jinja").render(
        diagnosis=diagnosis,
        end=describe_end(history, run.settings, translate),
        advice=describe_diagnosis(diagnosis, translate) if diagnosis else None,
        run=run,
        evaluation=evaluation,
        history=history,
        best=best_epoch(history) if history else None,
        figures={name: _embed(*png) for name, png in pngs.items()},
        missing=missing,
        sides=_sides(run),
        baseline=float(np.bincount(evaluation.truth).max() / len(evaluation.truth)),
        learned=Counter(map(person_of, run.sides.get("train", ()))),
        one_form=one_form,
        named=evaluation.confusion.sum(axis=0).tolist(),
        pairs=figures.confused_pairs(evaluation, 10),
        max_matrix=figures.MAX_MATRIX,
        sample=answers(sample),
        wrong=answers(wrong),
        knows_unknown=figures.knows_unknown(evaluation),
        settings=_settings(run.settings),
        created=_moment(run.created),
        translate=translate,
        explain=functools.partial(translate_message, language=language),
        percent=functools.partial(_percent, translate),
        duration=functools.partial(_duration, translate),
        language=TAGS[language],
    )
    write_text(run.report_path, page, private=True)
    logger.info("report written: %d figures", len(pngs))
    logger.debug("report written to %s", run.report_path)
    return run.report_path


def write_comparison(histories: Mapping[str, Sequence[Epoch]], path: Path, *, language: str = "en") -> None:
    """Draw the curves of several runs into one PNG file, written beside and renamed.

    Args:
        histories: The epochs of each run, by its name; a run that isn't trained in epochs has none and is left out.
        path: The file.
        language: One of castlist.languages.LANGUAGES.

    Raises:
        RunError: If no run has epochs.
        SettingsError: If the language is unknown.
        CastlistError: If the file can't be written.
    """
    curves = {name: history for name, history in histories.items() if history}
    if not curves:
        raise RunError("no-curves", "None of these runs was trained in epochs, so there are no curves to draw.")
    words, families, missing = figures.language_and_fonts(language, curves)
    style = figures.Style(figures.LIGHT, families, words)
    named = {figures.short_name(name, missing): history for name, history in curves.items()}
    write_bytes(path, figures.render_png(figures.draw_comparison(named, style)))
    logger.debug("curves of %d runs written to %s", len(named), path)


def template(name: str, *rooms: str) -> jinja2.Template:
    """A page's template, by its file name; looked for in these packages, then in the report's."""
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(room, ".") for room in (*rooms, __package__)]),
        autoescape=True,  # names are folder names: anything may be in them
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["fill"] = lambda text, **values: fill(text, values)  # knows one from many, as format doesn't
    return environment.get_template(name)


def _sample(evaluation: Evaluation, seed: int) -> list[int]:
    """Up to 25 rows, drawn from the seed, in the order of people: neither the best answers nor the worst."""
    n = len(evaluation.files)
    rows = np.random.default_rng(seed).choice(n, min(n, figures.GRID**2), replace=False)
    return sorted(rows.tolist())


def _answer(evaluation: Evaluation, people: Sequence[str], row: int, thumbnails: Mapping[str, np.ndarray]) -> Answer:
    file, probabilities = evaluation.files[row], evaluation.probabilities[row]
    order = np.argsort(-probabilities, kind="stable")[:TOP].tolist()
    return Answer(
        file=file,
        picture=jpeg_uri(thumbnails[file]) if file in thumbnails else None,
        true=people[evaluation.truth[row]],
        predicted=people[evaluation.predicted[row]],
        top=tuple((people[person], float(probabilities[person])) for person in order),
    )


def _embed(light: bytes, dark: bytes) -> EmbeddedFigure:
    width, height = figures.png_size(light)
    scale = 96 / figures.RESOLUTION  # browsers show 96 pixels per inch
    return EmbeddedFigure(
        data_uri(light, "image/png"), data_uri(dark, "image/png"), round(width * scale), round(height * scale)
    )


def _sides(run: Run) -> list[tuple[str, int, int, float]]:
    """For each side: its name, photos, groups, share of all photos."""
    total = sum(len(files) for files in run.sides.values())
    return [(side, len(files), run.groups[side], len(files) / total) for side, files in run.sides.items()]


def _settings(settings: Settings) -> list[tuple[str, str, bool]]:
    """Each setting: its name as TOML has it, its value, and whether it differs from the model's default."""
    defaults = flatten(read_settings("", settings.model).filled.to_dict())
    given = flatten(settings.filled.to_dict())
    return [(name, _value(value), value != defaults[name]) for name, value in given.items()]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(_value, value))
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _moment(created: str) -> str:
    """An ISO moment for people; one that can't be read as it is."""
    try:
        return f"{datetime.datetime.fromisoformat(created):%Y-%m-%d %H:%M}"
    except ValueError:
        return created


def _percent(translate: Translate, share: float, digits: int = 1) -> str:
    return translate("{number}\u00a0%").format(number=f"{100 * share:.{digits}f}")


def _duration(translate: Translate, seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return translate("{seconds} s").format(seconds=rest)
    hours, minutes = divmod(minutes, 60)
    if hours == 0:
        return translate("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
    return translate("{hours} h {minutes} min").format(hours=hours, minutes=minutes)

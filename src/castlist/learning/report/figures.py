"""The report's figures, drawn without pyplot and its global state, so that threads and windows may draw them too."""

from __future__ import annotations

import io
import struct
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from castlist.errors import FontError, needs_extra
from castlist.languages import Translate, read_catalogue, translator
from castlist.learning.diagnosis import Diagnosis
from castlist.learning.evaluation import Evaluation
from castlist.painting import find_fonts
from castlist.run import Epoch, best_epoch

with needs_extra("learn", "Writing a report"):
    from matplotlib import font_manager
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

MAX_MATRIX = 40  # people; beyond it cells and names are too small, and the pairs confused most are shown instead
MAX_PAIRS = 25
LOSS_AXIS = (0.1, 5.0)  # M13; a loss outside is drawn on the edge
RESOLUTION = 180  # pixels per inch
DASHES = ("-", "--", "-.", ":")  # of runs in one picture, beside their colors
GRID = 5  # rows and columns of test photos


@dataclass(frozen=True)
class Palette:
    """The colors of a figure; hues differ in lightness too, for print in grey and for the color-blind."""

    paper: str
    ink: str
    muted: str
    line: str
    right: str
    wrong: str


LIGHT = Palette(paper="#ffffff", ink="#1d2430", muted="#5b6472", line="#d9dde3", right="#136f63", wrong="#b3401e")
DARK = Palette(paper="#1b2027", ink="#e8ebef", muted="#a3adb9", line="#39424e", right="#57c4b3", wrong="#ff9a76")


@dataclass(frozen=True)
class Style:
    """How a figure looks and which words it uses."""

    palette: Palette
    families: tuple[str, ...]  # of fonts that together have every character; matplotlib falls back in this order
    translate: Translate

    def title(self, axes: Axes, text: str) -> None:
        axes.set_title(text, color=self.palette.ink, fontfamily=self.families, fontsize=11, loc="left", pad=10)


def register_fonts(text: str) -> tuple[tuple[str, ...], str]:
    """Make the fonts that a text needs known to matplotlib.

    Returns:
        The font families, and the characters that no font of this machine has.
    """
    try:
        fonts, missing = find_fonts(text), ""
    except FontError as error:
        missing = error.missing
        fonts = find_fonts("".join(set(text) - set(missing)))
    families = []
    for font in fonts:
        if font.path is None:
            continue
        known = [entry for entry in font_manager.fontManager.ttflist if entry.fname == str(font.path)]
        if not known:
            font_manager.fontManager.addfont(font.path)
            known = [entry for entry in font_manager.fontManager.ttflist if entry.fname == str(font.path)]
        # Before matplotlib 3.11 only a collection's first face is known; it has the same characters.
        face = next((entry for entry in known if getattr(entry, "index", 0) == font.index), known[0])
        families.append(face.name)
    return (*families, "DejaVu Sans"), missing  # matplotlib brings the last one


def language_and_fonts(language: str, names: Iterable[str]) -> tuple[Translate, tuple[str, ...], str]:
    """What figures are written with: the language's words, English ones if this machine has no font for them.

    Returns:
        The words, the font families, and the characters that no font of this machine has.

    Raises:
        SettingsError: If the language is unknown.
    """
    words = translator(language)
    texts = "".join(read_catalogue(language).values())
    families, missing = register_fonts("".join([*names, texts]))
    return words if set(missing).isdisjoint(texts) else translator("en"), families, missing


def short_name(name: str, missing: str = "", limit: int = 22) -> str:
    """A name as figures write it: cut if long, and without what can't be drawn."""
    name = unicodedata.normalize("NFC", name)
    drawn = "".join("?" if character in missing or not character.isprintable() else character for character in name)
    return drawn if len(drawn) <= limit else f"{drawn[: limit - 1]}…"


def knows_unknown(evaluation: Evaluation) -> bool:
    """Whether "unknown" is among the answers that the run could give."""
    return bool(evaluation.probabilities[:, -1].any() or evaluation.unknown_share)


def draw_confusion(evaluation: Evaluation, names: Sequence[str], style: Style) -> Figure:
    """Draw who was taken for whom: the matrix of a cast up to MAX_MATRIX, else the pairs confused most.

    Args:
        evaluation: The answers.
        names: The people's names as figures write them, then the word for unknown.
        style: Colors, fonts, words.
    """
    n = len(evaluation.people)
    if n > MAX_MATRIX:
        return _draw_pairs(evaluation, names, style)
    columns = n + knows_unknown(evaluation)
    cell = max(float(np.clip(5.5 / n, 0.24, 0.55)), 2.4 / n)
    figure, axes = new_figure(style, cell * columns, cell * n)
    counts = evaluation.confusion[:, :columns]
    # The root lifts single mistakes out of the paper's color.
    tints = np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    row, column = np.indices(counts.shape)
    palette = style.palette
    for shown, color in ((row == column, palette.right), (column == n, palette.muted), (row != column, palette.wrong)):
        colors = LinearSegmentedColormap.from_list("", [palette.paper, color])
        hidden = ~shown | ((column == n) & (color == palette.wrong))
        axes.imshow(np.ma.masked_array(tints, hidden), cmap=colors, vmin=0, vmax=1)
    size = float(np.clip(20 * cell, 6, 10))
    for row, column in np.argwhere(counts):
        ink = style.palette.paper if tints[row, column] > 0.6 else style.palette.ink
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=ink, fontsize=size)
    text = _text_style(style, size)
    axes.set_xticks(range(columns), names[:columns], rotation=45, ha="right", rotation_mode="anchor", **text)
    axes.set_yticks(range(n), names[:n], **text)
    axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(n + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=style.palette.line, linewidth=0.6)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_color(style.palette.line)
    axes.set_xlabel(style.translate("Predicted person"), color=style.palette.muted, fontfamily=style.families)
    axes.set_ylabel(style.translate("True person"), color=style.palette.muted, fontfamily=style.families)
    return figure


def confused_pairs(evaluation: Evaluation, limit: int) -> list[tuple[int, int, int]]:
    """The pairs confused most: true person, predicted person, photos; the most frequent first."""
    errors = evaluation.confusion[:, :-1] * ~np.eye(len(evaluation.people), dtype=bool)
    rows, columns = np.nonzero(errors)
    pairs = zip(rows.tolist(), columns.tolist(), errors[rows, columns].tolist(), strict=True)
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))[:limit]


def draw_curves(history: Sequence[Epoch], diagnosis: Diagnosis | None, style: Style) -> Figure:
    """Draw accuracy and loss per epoch, one above the other."""
    figure, axes = new_figure(style, 5.6, 6.4)
    axes.set_position((0, 0.57, 1, 0.43))
    _draw_accuracy(axes, history, style)
    _draw_loss(figure.add_axes((0, 0, 1, 0.43), facecolor=style.palette.paper), history, diagnosis, style)
    return figure


def draw_comparison(histories: Mapping[str, Sequence[Epoch]], style: Style) -> Figure:
    """Draw the validation accuracy and loss of several runs, one above the other."""
    figure, axes = new_figure(style, 5.6, 6.4)
    axes.set_position((0, 0.57, 1, 0.43))
    below = figure.add_axes((0, 0, 1, 0.43), facecolor=style.palette.paper)
    for number, (name, history) in enumerate(histories.items()):
        epochs = [row.epoch for row in history]
        look: dict[str, Any] = {"label": name, "linewidth": 2, "linestyle": DASHES[number % len(DASHES)]}
        look["color"] = (style.palette.right, style.palette.wrong, style.palette.ink, style.palette.muted)[number % 4]
        axes.plot(epochs, [row.val_accuracy for row in history], **look)
        below.plot(epochs, [float(np.clip(row.val_loss, *LOSS_AXIS)) for row in history], **look)
    accuracy_axis(axes)
    _loss_axis(below)
    style.title(axes, style.translate("Accuracy on validation per epoch, in percent"))
    style.title(below, style.translate("Loss on validation per epoch, from 0.1 to 5, logarithmic"))
    for each in (axes, below):
        each.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        plain(each, style)
    below.set_xlabel(style.translate("Epoch"), color=style.palette.muted, fontfamily=style.families)
    return figure


def draw_accuracy(history: Sequence[Epoch], style: Style) -> Figure:
    """Draw accuracy per epoch."""
    figure, axes = new_figure(style, 4.4, 2.8)
    _draw_accuracy(axes, history, style)
    return figure


def draw_loss(history: Sequence[Epoch], diagnosis: Diagnosis | None, style: Style) -> Figure:
    """Draw loss per epoch."""
    figure, axes = new_figure(style, 4.4, 2.8)
    _draw_loss(axes, history, diagnosis, style)
    return figure


def draw_reliability(evaluation: Evaluation, style: Style) -> Figure:
    """Draw how often answers of a probability are right; a dot's area grows with the number of answers."""
    figure, axes = new_figure(style, 3.4, 3.4)
    palette = style.palette
    axes.plot([0, 100], [0, 100], "--", color=palette.muted, linewidth=1, label=style.translate("as claimed"))
    claimed = [100 * one.probability for one in evaluation.reliability]
    actual = [100 * one.frequency for one in evaluation.reliability]
    share = np.array([one.answers for one in evaluation.reliability]) / len(evaluation.files)
    axes.plot(claimed, actual, color=palette.right, linewidth=1.5)
    axes.scatter(claimed, actual, s=15 + 300 * share, color=palette.right, label=style.translate("test photos"))
    axes.set(xlim=(0, 103), ylim=(0, 103))
    plain(axes, style)
    axes.set_xlabel(style.translate("Probability claimed, %"), color=palette.muted, fontfamily=style.families)
    axes.set_ylabel(style.translate("Answers that are right, %"), color=palette.muted, fontfamily=style.families)
    return figure


def draw_test_grid(tiles: Iterable[tuple[np.ndarray, str, str]], style: Style) -> Figure:
    """Draw up to 25 test photos with their names.

    Args:
        tiles: Pixels (height, width, 3), uint8, RGB; true person; predicted person.
        style: Colors, fonts, words.
    """
    tiles = list(tiles)
    rows = -(-len(tiles) // GRID)
    figure, axes = new_figure(style, 10, 2.4 * rows)
    axes.set_axis_off()
    # Inches, downwards; one system of axes is drawn many times faster than twenty-five.
    axes.set(xlim=(0, 10), ylim=(2.4 * rows, 0), autoscale_on=False)
    for place, (pixels, true, predicted) in enumerate(tiles):
        left, top = 2.0 * (place % GRID), 2.4 * (place // GRID) + 0.5
        width, height = 1.85 * np.array(pixels.shape[1::-1]) / max(pixels.shape[:2])
        axes.imshow(pixels, extent=(left, left + width, top + height, top), aspect="auto")
        right = true == predicted
        text = f"✓ {true}" if right else f"✗ {predicted}\n{style.translate('true: {person}').format(person=true)}"
        color = style.palette.right if right else style.palette.wrong
        text_style = _text_style(style, 9) | {"color": color}
        axes.text(left, top - 0.07, text, va="bottom", ha="left", **text_style)
    return figure


def render_png(figure: Figure) -> bytes:
    """A figure as PNG bytes, RESOLUTION pixels per inch."""
    file = io.BytesIO()
    figure.savefig(
        file, format="png", dpi=RESOLUTION, facecolor=figure.get_facecolor(), bbox_inches="tight", pad_inches=0.08
    )
    return file.getvalue()


def png_size(png: bytes) -> tuple[int, int]:
    """Width and height of PNG bytes, where the format keeps them."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def new_figure(style: Style, width: float, height: float) -> tuple[Figure, Axes]:
    """A figure whose axes are so many inches large; what is written around them, `render_png` makes room for."""
    figure = Figure(figsize=(width, height), facecolor=style.palette.paper)
    FigureCanvasAgg(figure)
    return figure, figure.add_axes((0, 0, 1, 1), facecolor=style.palette.paper)


def _text_style(style: Style, size: float) -> dict[str, Any]:
    """For texts with names in them; a name may hold dollar signs, which matplotlib takes for mathematics."""
    return {"fontfamily": style.families, "color": style.palette.ink, "parse_math": False, "fontsize": size}


def _draw_pairs(evaluation: Evaluation, names: Sequence[str], style: Style) -> Figure:
    pairs = confused_pairs(evaluation, MAX_PAIRS)[::-1]
    figure, axes = new_figure(style, 3.6, 0.27 * max(len(pairs), 3))
    bars = axes.barh(range(len(pairs)), [count for *_, count in pairs], color=style.palette.wrong, height=0.65)
    axes.bar_label(bars, padding=3, color=style.palette.ink, fontsize=9)
    labels = [f"{names[true]} → {names[predicted]}" for true, predicted, _ in pairs]
    text = _text_style(style, 9)
    axes.set_yticks(range(len(pairs)), labels, **text)
    axes.set_xticks([])
    axes.margins(x=0.1)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    style.title(axes, style.translate("Pairs confused most: true person → predicted person"))
    return figure


def _draw_accuracy(axes: Axes, history: Sequence[Epoch], style: Style) -> None:
    best = best_epoch(history)
    _draw_lines(axes, history, [row.accuracy for row in history], [row.val_accuracy for row in history], style)
    axes.plot(best.epoch, best.val_accuracy, "o", color=style.palette.right, markersize=7)
    accuracy_axis(axes)
    style.title(axes, style.translate("Accuracy per epoch, in percent"))


def accuracy_axis(axes: Axes) -> None:
    """From nothing to all, in percent."""
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f}")


def _draw_loss(axes: Axes, history: Sequence[Epoch], diagnosis: Diagnosis | None, style: Style) -> None:
    best = best_epoch(history)
    clipped = [np.clip([row.loss, row.val_loss], *LOSS_AXIS) for row in history]
    if diagnosis:
        axes.axvspan(
            diagnosis.first_epoch - 0.5,
            diagnosis.last_epoch + 0.5,
            color=style.palette.line,
            alpha=0.5,
            linewidth=0,
            zorder=0,
            label=style.translate("what the diagnosis looks at"),
        )
    _draw_lines(axes, history, [train for train, _ in clipped], [validation for _, validation in clipped], style)
    axes.plot(best.epoch, float(np.clip(best.val_loss, *LOSS_AXIS)), "o", color=style.palette.right, markersize=7)
    _loss_axis(axes)
    style.title(axes, style.translate("Loss per epoch, from 0.1 to 5, logarithmic"))


def _loss_axis(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.set_ylim(*LOSS_AXIS)
    axes.set_yticks([0.1, 0.2, 0.5, 1, 2, 5], ["0.1", "0.2", "0.5", "1", "2", "5"])
    axes.set_yticks([], minor=True)


def _draw_lines(
    axes: Axes, history: Sequence[Epoch], train: Sequence[float], validation: Sequence[float], style: Style
) -> None:
    palette, translate = style.palette, style.translate
    epochs = [row.epoch for row in history]
    marker = "." if len(history) < 5 else ""  # a line of one point is no line
    axes.plot(epochs, train, "--", marker=marker, color=palette.muted, linewidth=1.5, label=translate("training"))
    axes.plot(epochs, validation, marker=marker, color=palette.right, linewidth=2, label=translate("validation"))
    best = best_epoch(history).epoch
    label = translate("best epoch: {epoch}").format(epoch=best)
    axes.axvline(best, color=palette.wrong, linewidth=1, linestyle=":", label=label)
    axes.set_xlim(min(0.5, epochs[0]), max(epochs[-1] + 0.5, 1.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    plain(axes, style)
    axes.set_xlabel(translate("Epoch"), color=palette.muted, fontfamily=style.families)


def plain(axes: Axes, style: Style) -> None:
    """A quiet grid in place of a frame, and a legend."""
    axes.tick_params(colors=style.palette.muted, labelsize=9, length=0)
    axes.grid(color=style.palette.line, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    axes.legend(prop={"family": style.families, "size": 9}, labelcolor=style.palette.ink, frameon=False, loc="best")

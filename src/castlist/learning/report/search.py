"""The pictures of a search for settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from castlist.errors import needs_extra
from castlist.files import write_bytes
from castlist.learning.report import figures

with needs_extra("learn", "Drawing a search"):
    from matplotlib.ticker import MaxNLocator


def write_search(
    trials: Sequence[tuple[int, float, bool]], importance: Mapping[str, float], folder: Path, *, language: str = "en"
) -> None:
    """Draw history.png, the accuracy of each trial, and importance.png, how much each setting mattered.

    Args:
        trials: Number and validation accuracy of each trial, and whether it was finished, not given up.
        importance: Share of the differences by setting; empty where there are too few trials.
        folder: Where the files go.
        language: "en" or "zh-TW".

    Raises:
        SettingsError: If the language is unknown.
        CastlistError: If a file can't be written.
    """
    translate, families, _ = figures.language_and_fonts(language, ())
    style = figures.Style(figures.LIGHT, families, translate)
    palette = style.palette
    figure, axes = figures.new_figure(style, 5.6, 2.8)
    points, finished = np.array([trial[:2] for trial in trials]), np.array([trial[2] for trial in trials])
    numbers, accuracies = points[finished].T
    axes.plot(numbers, accuracies, "o", color=palette.muted, label=translate("one training"))
    best = np.maximum.accumulate(accuracies)
    axes.step(numbers, best, where="post", color=palette.right, linewidth=2, label=translate("best so far"))
    axes.plot(*points[~finished].T, "x", color=palette.wrong, label=translate("given up early"))
    figures.plain(axes, style)
    figures.accuracy_axis(axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    style.title(axes, translate("Accuracy on validation of each training, in percent"))
    write_bytes(folder / "history.png", figures.render_png(figure), private=True)
    if importance:
        figure, axes = figures.new_figure(style, 4.4, 0.3 * len(importance))
        names = list(importance)[::-1]
        bars = axes.barh(names, [importance[name] for name in names], color=palette.right)
        axes.bar_label(bars, [f"{100 * importance[name]:.0f} %" for name in names], padding=3, color=palette.ink)
        axes.set_xticks([])
        axes.tick_params(length=0, colors=palette.ink)
        axes.margins(x=0.12)
        axes.spines[:].set_visible(False)
        style.title(axes, translate("What mattered: share of the differences in accuracy"))
        write_bytes(folder / "importance.png", figures.render_png(figure), private=True)

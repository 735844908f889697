"""The pictures of a search for settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from castlist.errors import needs_extra
from castlist.files import write_bytes
from castlist.languages import translator
from castlist.report import figures

with needs_extra("learn", "Drawing a search"):
    from matplotlib.ticker import MaxNLocator


def write_search(trials: Sequence[tuple[int, float | None]], importance: Mapping[str, float], folder: Path) -> None:
    """Draw history.png, the accuracy of each trial, and importance.png, how much each setting mattered.

    Args:
        trials: Number and validation accuracy of each trial; None for one given up.
        importance: Share of the differences by setting; empty where there are too few trials.
        folder: Where the files go.

    Raises:
        CastlistError: If a file can't be written.
    """
    style = figures.Style(figures.LIGHT, figures.register_fonts("")[0], translator("en"))
    palette = style.palette
    figure, axes = figures.new_figure(style, 5.6, 2.8)
    done = [(number, value) for number, value in trials if value is not None]
    given_up = [number for number, value in trials if value is None]
    numbers, values = [number for number, _ in done], [value for _, value in done]
    axes.plot(numbers, values, "o", color=palette.muted, label="trial")
    axes.step(numbers, np.maximum.accumulate(values), where="post", color=palette.right, linewidth=2, label="best")
    axes.plot(given_up, [min(values)] * len(given_up), "x", color=palette.wrong, label="given up early")
    figures.plain(axes, style)
    figures.accuracy_axis(axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    style.title(axes, "Accuracy on validation by trial, in percent")
    write_bytes(folder / "history.png", figures.render_png(figure))
    if importance:
        figure, axes = figures.new_figure(style, 4.4, 0.3 * len(importance))
        names = list(importance)[::-1]
        bars = axes.barh(names, [importance[name] for name in names], color=palette.right)
        axes.bar_label(bars, [f"{100 * importance[name]:.0f} %" for name in names], padding=3, color=palette.ink)
        axes.set_xticks([])
        axes.tick_params(length=0, colors=palette.ink)
        axes.margins(x=0.12)
        axes.spines[:].set_visible(False)
        style.title(axes, "What mattered: share of the differences in accuracy")
        write_bytes(folder / "importance.png", figures.render_png(figure))

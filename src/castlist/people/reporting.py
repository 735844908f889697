"""A run's figures and report made anew after somebody came or went."""

from __future__ import annotations

import os
from pathlib import Path

from castlist.arguments import checked
from castlist.paths import as_path
from castlist.run import RunFolder


@checked
def renew_report(path: str | os.PathLike[str], *, language: str = "en") -> Path | None:
    """Make a run's figures and report anew after somebody came or went; the run names all the same without.

    Returns:
        The report, or None where the run has no photos to test with.

    Raises:
        MissingExtraError: If the extra for learning isn't installed.
    """
    path = as_path(path)
    if not RunFolder(path).read(lambda run: run.sides["test"]):  # no reason to ask for the extra
        return None
    from castlist.learning import answer_anew

    run, evaluation = answer_anew(path, language=language)
    return run.report_path if evaluation else None

"""A run that an older castlist made gives the names and the probabilities that it gave then."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from castlist.naming import Recognizer

DATA = Path(__file__).parent / "data"


def test_a_run_of_the_first_format_names_as_it_did(tmp_path: Path) -> None:
    path = Path(shutil.copytree(DATA / "run-format-1", tmp_path / "run"))
    recognizer = Recognizer.load(path)
    assert recognizer.run.people == ("Ann", "Beatrix", "王小明")
    assert recognizer.gallery is not None
    with np.load(DATA / "run-format-1-answers.npz") as expected:
        alone = recognizer.gallery.answer(expected["asked"])
        together = recognizer.gallery.answer_together(expected["asked"])
        for answers, kind in ((alone, ""), (together, "_together")):
            assert answers.named.tolist() == expected[f"named{kind}"].tolist()
            np.testing.assert_allclose(answers.probabilities, expected[f"probabilities{kind}"], atol=1e-4)

"""A search finds settings without looking at the test side, and goes on after it was killed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from matplotlib.axes import Axes

from conftest import SMALL

pytest.importorskip("keras")
pytest.importorskip("optuna")

from castlist.cli.diary import run_cells
from castlist.errors import CastError, FontError, SettingsError
from castlist.learning import sessions as learning
from castlist.learning import tuning
from castlist.learning.models import build_model
from castlist.learning.progress import Progress, Trial
from castlist.learning.report import write_search
from castlist.learning.tuning import tune
from castlist.painting.fonts import find_fonts
from castlist.run import open_run, read_history
from castlist.settings import MODELS, read_settings

BASES = {"cnn": SMALL}
IMAGE_SIZES = tuning.IMAGE_SIZES


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small networks; and nobody may look at the test side."""

    def refuse(*args: object) -> None:
        raise AssertionError("a search must not evaluate")

    monkeypatch.setattr(tuning, "IMAGE_SIZES", (48,))
    monkeypatch.setattr(learning, "evaluate", refuse)


@pytest.mark.slow
def test_a_search_is_killed_and_goes_on(drawn_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    real = tuning.resume

    def kill(trial: Trial) -> None:
        told.append(trial.number)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(drawn_photos, BASES, tmp_path / "search", trials=2, on_trial=kill)
    # A trial that dies in its second epoch, as a killed process leaves it: running, one epoch on disk.
    trial = tuning._open(tmp_path / "search").ask()
    settings = tuning._propose(trial, BASES)
    trial.set_user_attr("run", "trial-001")

    def stop(now: Progress) -> None:
        if now.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learning.learn(drawn_photos, settings, runs=tmp_path / "search", name="trial-001", test=False, on_progress=stop)
    before = read_history(open_run(tmp_path / "search" / "trial-001"))
    assert len(before) == 1

    resumed: list[str] = []
    monkeypatch.setattr(tuning, "resume", lambda path, **rest: (resumed.append(path.name), real(path, **rest))[1])
    found = tune(drawn_photos, BASES, tmp_path / "search", trials=2)
    assert resumed == ["trial-001"]
    assert read_history(open_run(tmp_path / "search" / "trial-001"))[0] == before[0]
    assert found.finished == 2
    assert read_settings(found.settings_file.read_text("utf-8")) == found.settings == open_run(found.run).settings
    runs = sorted(path.parent for path in (tmp_path / "search").glob("*/run.json"))
    assert len(runs) == 2
    assert not list((tmp_path / "search").glob("*/predictions.csv"))
    best = max(row.val_accuracy for run in runs if open_run(run).complete for row in read_history(open_run(run)))
    assert found.accuracy == best
    assert run_cells(open_run(found.run))[-1] == (f"{found.accuracy:.1%} of validation, not tested")
    assert (tmp_path / "search" / "history.png").stat().st_size > 5000


@pytest.mark.slow
@pytest.mark.parametrize("dies", [False, True])
def test_trials_of_other_processes_are_told_too(
    drawn_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    if not dies:  # a process that sees other choices than the search began with gives up in its first trial
        monkeypatch.setattr(tuning, "IMAGE_SIZES", IMAGE_SIZES)
    told: dict[int, float | None] = {}
    begun: list[str] = []

    def tell(trial: Trial) -> None:
        assert trial.number not in told
        told[trial.number] = trial.accuracy
        begun.append(open_run(trial.run).path.name)

    found = tune(drawn_photos, BASES, tmp_path / "search", trials=3, jobs=2, on_trial=tell)
    assert found.finished == len(told) >= 3  # each process may begin the last
    assert len(set(begun)) == len(begun)
    assert found.accuracy == max(accuracy for accuracy in told.values() if accuracy is not None)


def test_wrong_numbers_and_models(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="must be above 0"):
        tune(tmp_path, BASES, tmp_path / "search", trials=0)
    with pytest.raises(SettingsError, match="Unknown language 'fr'"):
        tune(tmp_path, BASES, tmp_path / "search", trials=1, language="fr")
    with pytest.raises(CastError, match="not a folder"):
        tune(tmp_path / "nowhere", BASES, tmp_path / "search", trials=3)
    with pytest.raises(SettingsError, match="learnt without epochs"):
        tune(tmp_path, {"face": dataclasses.replace(SMALL, model="face", faces=True)}, tmp_path / "search", trials=1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("model", [name for name in MODELS if name != "face"])
def test_what_is_proposed_can_be_built(model: str, tmp_path: Path) -> None:
    trial = tuning._open(tmp_path).ask()
    settings = tuning._propose(trial, {model: read_settings("", model)})
    assert build_model(settings.image_size, 2, settings).output_shape == (None, 2)


def test_trials_given_up_are_crosses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points: dict[str, tuple[list[int], list[float]]] = {}
    real = Axes.plot

    def plot(axes: Axes, x: list[int], y: list[float], marker: str = "line", **style: object) -> object:
        points[marker] = (list(x), list(y))
        return real(axes, x, y, *[marker] * (marker != "line"), **style)

    monkeypatch.setattr(Axes, "plot", plot)
    write_search([(0, 0.5, True), (1, 0.2, False), (2, 0.7, True)], {}, tmp_path)
    assert points["o"] == points["line"] == ([0, 2], [0.5, 0.7])
    assert points["x"] == ([1], [0.2])


def test_pictures_speak_the_language_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        find_fonts("訓")
    except FontError:
        pytest.skip("no font has Chinese letters; fonts-noto-cjk is not installed")
    titles: list[str] = []
    monkeypatch.setattr(Axes, "set_title", lambda axes, text, **style: titles.append(text))
    for language in ("en", "zh-TW"):
        write_search(
            [(0, 0.5, True), (1, 0.2, False), (2, 0.7, True)],
            {"rate": 0.8, "dropout": 0.2},
            tmp_path,
            language=language,
        )
    assert titles[0] == "Accuracy on validation of each training, in percent"
    assert titles[2] == "每次訓練的驗證準確率（%）" and titles[3].startswith("哪些設定")

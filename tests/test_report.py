"""The report shows everything, harms nobody, and stands alone."""

from __future__ import annotations

import dataclasses
import io
import itertools
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("matplotlib")
pytest.importorskip("matplotlib")

import castlist
from castlist.errors import CastlistError, Message, SettingsError
from castlist.learning.evaluation import NOBODY, Evaluation, score_answers
from castlist.learning.report import figures, write_report
from castlist.painting import set_font_folders
from castlist.run import Epoch, Run
from castlist.settings import Settings

PEOPLE = ("Ann", "Bob", "陳小明")
HISTORY = [
    Epoch(epoch=i, seconds=1, learning_rate=0.01, loss=9 / i, accuracy=i / 9, val_loss=8 / i, val_accuracy=accuracy)
    for i, accuracy in enumerate((0.3, 0.8, 0.6), start=1)
]


class Page(HTMLParser):
    """A page taken apart."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.source = path.read_text("utf-8")
        self.tags: list[tuple[str, dict[str, str]]] = []
        words: list[str] = []
        self.handle_data = words.append  # type: ignore[method-assign]
        self.feed(self.source)
        self.text = re.sub(r"\s+", " ", " ".join(words)).replace("\N{NO-BREAK SPACE}", " ")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def make_run(
    folder: Path, people: tuple[str, ...] = PEOPLE, *, per_person: int = 4, wrong: int = 2
) -> tuple[Run, Evaluation]:
    """A run whose first few test photos are named wrongly, with the photos in place."""
    n = len(people)
    files = [f"{person}/{i}.png" for person in people for i in range(per_person)]
    truth = np.repeat(np.arange(n), per_person)
    answers = np.where(np.arange(len(files)) < wrong, (truth + 1) % n, truth)
    probabilities = np.full((len(files), n + 1), 0.2 / (n - 1))
    probabilities[:, -1] = 0  # of unknown, which most models don't know
    probabilities[np.arange(len(files)), answers] = 0.8
    for number, file in enumerate(files):
        path = folder / "photos" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (30 + number % 7, 40), (number % 256, 99, 0)).save(path)
    run = Run(
        path=folder / "runs" / "first",
        people=people,
        settings=Settings(seed=5, learning_rate=0.5),
        photos_root=str(folder / "photos"),
        photos_fingerprint="",
        sides={
            "train": tuple(f"{person}/t{i}.png" for person in people for i in range(9)),
            "validation": ("Ann/v.png",),
            "test": tuple(files),
        },
        groups={"train": 20, "validation": 1, "test": 11},
        refused=(
            ("Ann/broken.jpg", Message("photo-damaged", "damaged or cut short ({reason})", {"reason": "IOError"})),
        ),
        notes=(
            Message("cast-empty-folder", "The folder {person!r} holds no photo and was left out.", {"person": "Eve"}),
        ),
        seconds=3725.0,
        versions={"numpy": "2.0"},
    )
    return run, score_answers(people, files, truth, answers, probabilities)


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most tests read the page; its figures are drawn, but become pictures of one pixel, which saves a second each."""
    if "real_figures" not in request.fixturenames:
        file = io.BytesIO()
        Image.new("RGB", (1, 1)).save(file, "PNG")
        monkeypatch.setattr("castlist.learning.report.figures.render_png", lambda figure: file.getvalue())


@pytest.fixture
def real_figures() -> None:
    """For tests that look at the figures themselves."""


@pytest.fixture
def page(tmp_path: Path) -> Page:
    run, evaluation = make_run(tmp_path)
    return Page(write_report(run, evaluation, HISTORY))


@pytest.mark.usefixtures("real_figures")
def test_the_figures_are_files_too(tmp_path: Path) -> None:
    run, evaluation = make_run(tmp_path)
    assert write_report(run, evaluation, HISTORY) == run.path / "report.html"
    assert sorted(path.name for path in (run.path / "figures").iterdir()) == [
        "confusion.png",
        "curves.png",
        "reliability.png",
        "test-grid.png",
    ]
    assert [path.name for path in run.path.iterdir() if path.is_file()] == ["report.html"]
    for path in (run.path / "figures").iterdir():
        with Image.open(path) as image:
            assert image.format == "PNG" and min(image.size) > 400


def test_figures_show_the_figures(tmp_path: Path) -> None:
    style = figures.Style(figures.LIGHT, ("DejaVu Sans",), str)
    _, evaluation = make_run(tmp_path)

    def lines(axes: Any) -> dict[str, list[float]]:
        return {line.get_label(): np.asarray(line.get_ydata()).tolist() for line in axes.lines}

    for figure, other in (
        (figures.draw_accuracy(HISTORY, style), figures.draw_loss(HISTORY, None, style)),
        (figures.draw_curves(HISTORY, None, style),) * 2,
    ):
        accuracy, loss = lines(figure.axes[0]), lines(other.axes[-1])
        assert (accuracy["training"], accuracy["validation"]) == ([1 / 9, 2 / 9, 3 / 9], [0.3, 0.8, 0.6])
        assert (loss["training"], loss["validation"]) == ([5, 4.5, 3], [5, 4, 8 / 3]), "no more than the axis shows"
        assert figure.axes[0].lines[-1].get_xydata().tolist() == [[2, 0.8]], "the best epoch"
    (axes,) = figures.draw_reliability(evaluation, style).axes
    expected = [[100 * one.probability, 100 * one.frequency] for one in evaluation.reliability]
    assert axes.lines[-1].get_xydata().tolist() == axes.collections[0].get_offsets().tolist() == expected
    (axes,) = figures.draw_confusion(evaluation, [*PEOPLE, "unknown"], style).axes
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells == {(0, 0): "2", (1, 0): "2", (1, 1): "4", (2, 2): "4"}, "Bob is the answer for two of Ann's photos"
    tiles = [(np.full((20, 40 + n, 3), n, np.uint8), "Ann", "Ann" if n % 2 else "Bob") for n in range(7)]
    (axes,) = figures.draw_test_grid(tiles, style).axes
    assert [image.get_array()[0, 0, 0] for image in axes.images] == list(range(7))
    corners = [tuple(np.round(image.get_extent()[::3], 1).tolist()) for image in axes.images]
    assert corners == [(2.0 * (n % 5), 2.4 * (n // 5) + 0.5) for n in range(7)]
    assert all(right - left == pytest.approx(1.85) for left, right, *_ in (one.get_extent() for one in axes.images))
    assert [text.get_text()[:5] for text in axes.texts] == ["✗ Bob", "✓ Ann"] * 3 + ["✗ Bob"]


def test_headline_and_what_was_held_out(page: Page) -> None:
    for words in ("3 people, 12 test photos in 11 groups", "83.3 %", "95 % interval: 55.2 % to 95.3 %", "Loss 0.570"):
        assert words in page.text
    assert "epoch 2 of 3" in page.text  # best on validation, not the last
    assert "touched once" in page.text and "seed 5" in page.text
    assert "Training 27 20 67.5 %" in page.text and "Test 12 11 30.0 %" in page.text


def test_every_person_every_wrong_answer_and_what_was_left_out(page: Page) -> None:
    assert "陳小明 80.0 %" not in page.text
    assert "Ann 100.0 % 50.0 % 66.7 % 4 9" in page.text
    assert "Bob 66.7 % 100.0 % 80.0 % 4 9" in page.text
    assert page.text.count("✗ Bob") >= 2 and "Ann/0.png" in page.text and "Ann/1.png" in page.text
    assert "Bob 80.0 % Ann 10.0 % 陳小明 10.0 %" in page.text
    assert "Ann/broken.jpg damaged or cut short" in page.text and "The folder 'Eve' holds no photo" in page.text


def test_settings_and_surroundings(page: Page) -> None:
    for words in ("learning_rate • 0.5", "momentum 0.9", "augmentation.zoom 0.05", "seed • 5", "1 h 2 min", "numpy"):
        assert words in page.text


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(page: Page) -> None:
    addresses = [
        attributes[name] for _, attributes in page.tags for name in ("src", "srcset", "href") if name in attributes
    ]
    assert len(addresses) > 20
    assert all(address.startswith(("data:image/", "#")) for address in addresses)
    assert (
        not page.all("script") and not page.all("link") and "url(" not in page.source and "@import" not in page.source
    )
    assert any("default-src 'none'" in attributes.get("content", "") for attributes in page.all("meta"))
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert {attributes["href"][1:] for attributes in page.all("a")} <= ids


def test_accessible(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    assert any(attributes.get("name") == "viewport" for attributes in page.all("meta"))
    assert all(attributes["alt"] for attributes in page.all("img"))
    assert all(attributes.get("scope") in ("row", "col") for attributes in page.all("th"))
    right, wrong = page.source.count("✓"), page.source.count("✗")
    assert right == 10 and wrong == 4  # a sign beside each color: twelve photos, and two again as wrong answers


def test_names_are_harmless(tmp_path: Path) -> None:
    people = ("<script>alert(1)<%script>", "\"><img src=x onerror='x'>", "{{ 7*7 }}", "$x_1$ & $", "a\nb")
    run, evaluation = make_run(tmp_path, people)
    page = Page(write_report(run, evaluation, HISTORY))
    assert not page.all("script") and all(attributes["src"].startswith("data:") for attributes in page.all("img"))
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    for name in people:
        assert name.replace("\n", " ") in page.text.replace("_ ", "_")


def test_chinese(tmp_path: Path) -> None:
    run, evaluation = make_run(tmp_path)
    page = Page(write_report(run, evaluation, HISTORY, language="zh-TW"))
    assert page.all("html")[0]["lang"] == "zh-Hant-TW"
    for words in ("準確率 83.3%", "混淆矩陣", "測試集", "第 2 個", "1 小時 2 分"):
        assert words in page.text or words in page.source
    left = re.sub(r"(<style>.*?</style>)|(<code>.*?</code>)|(lang=\"en\">[^<]*<)", "", page.source, flags=re.S)
    words = set(re.findall(r">[^<]*?\b([a-z]{4,})\b[^<]*<", left))
    assert words <= {"castlist", "first", "dropout", "cores", "face"}, "texts that are still English"


def test_photos_that_are_gone_are_left_out_with_a_sentence(tmp_path: Path) -> None:
    run, evaluation = make_run(tmp_path)
    gone = dataclasses.replace(run, photos_root=str(tmp_path / "moved"))
    page = Page(write_report(gone, evaluation, HISTORY))
    assert "12 of the photos to be shown here and below are no longer in" in page.text
    assert len(page.all("img")) == 4 and not (run.path / "figures" / "test-grid.png").exists()
    (tmp_path / "photos" / "Ann" / "0.png").write_bytes(b"no photo")
    page = Page(write_report(run, evaluation, HISTORY))
    assert "1 of the photos" in page.text and len(page.all("img")) == 4 + 11 + 1


def test_a_run_from_someone_else_reads_nothing_outside_its_photos(tmp_path: Path) -> None:
    run, evaluation = make_run(tmp_path)
    Image.new("RGB", (30, 30)).save(tmp_path / "secret.png")
    elsewhere = dataclasses.replace(
        evaluation, files=("../secret.png", str(tmp_path / "secret.png"), *evaluation.files[2:])
    )
    assert "2 of the photos" in Page(write_report(run, elsewhere, HISTORY)).text


def test_a_model_without_epochs_has_no_curves(tmp_path: Path) -> None:
    run, evaluation = make_run(tmp_path)
    page = Page(write_report(run, evaluation, []))
    assert not (run.path / "figures" / "curves.png").exists()
    for nothing in ("How it learned", "cross-entropy", "Precision of numbers"):
        assert nothing not in page.text
        assert nothing in Page(write_report(run, evaluation, HISTORY)).text


@pytest.mark.usefixtures("real_figures")
@pytest.mark.parametrize("n_people", [2, 45])
def test_small_and_large_casts(tmp_path: Path, n_people: int) -> None:
    run, evaluation = make_run(tmp_path, tuple(f"person {i}" for i in range(n_people)), per_person=2, wrong=n_people)
    page = Page(write_report(run, evaluation, HISTORY[:1]))
    assert ("would be unreadable" in page.text) == (n_people == 45)
    assert len([1 for attributes in page.all("li") if attributes.get("class") == "wrong"]) >= n_people


def with_unknown(evaluation: Evaluation) -> Evaluation:
    """The same, but the second photo, and the last, are answered with unknown."""
    predicted, probabilities = evaluation.predicted.copy(), evaluation.probabilities.copy()
    predicted[[1, -1]] = NOBODY
    probabilities[[1, -1]] = [0.1] * (probabilities.shape[1] - 1) + [0.7]
    return score_answers(evaluation.people, evaluation.files, evaluation.truth, predicted, probabilities)


def test_unknown_is_an_answer(tmp_path: Path, page: Page) -> None:
    assert "Called unknown" not in page.text
    run, evaluation = make_run(tmp_path)
    text = Page(write_report(run, with_unknown(evaluation), HISTORY)).text
    assert "Called unknown 16.7 %" in text and "✗ unknown true: Ann" in text and "✗ unknown true: 陳小明" in text
    assert "3 test photos were named wrongly" in text and "Ann Bob 1" in text  # nobody is confused with unknown


@pytest.mark.usefixtures("real_figures")
def test_the_matrix_has_a_column_for_unknown(tmp_path: Path) -> None:
    run, evaluation = make_run(tmp_path)
    sizes = []
    for answers in (evaluation, with_unknown(evaluation)):
        write_report(run, answers, HISTORY)
        with Image.open(run.path / "figures" / "confusion.png") as image:
            sizes.append(image.size)
    assert sizes[1][0] > sizes[0][0] + 100


def test_do_the_probabilities_hold(page: Page) -> None:
    # Ten of twelve answers of 80 % are right.
    assert "claim and result differ by 3.3 percentage points" in page.text


def test_nobody_confused(tmp_path: Path) -> None:
    run, evaluation = make_run(tmp_path, wrong=0)
    page = Page(write_report(run, evaluation, HISTORY))
    assert "every test photo was named rightly" in page.text and "Nobody was taken for somebody else" in page.text


def test_a_person_without_test_photos_has_dashes_not_zeros(tmp_path: Path) -> None:
    run, evaluation = make_run(tmp_path)
    kept = evaluation.truth < 2
    files = [file for file, keep in zip(evaluation.files, kept, strict=True) if keep]
    fewer = score_answers(
        PEOPLE, files, evaluation.truth[kept], evaluation.predicted[kept], evaluation.probabilities[kept]
    )
    assert "陳小明 – – – 0 9" in Page(write_report(run, fewer, HISTORY)).text


@pytest.mark.usefixtures("real_figures")
def test_characters_without_a_font_do_not_stop_the_report(tmp_path: Path) -> None:
    people = ("Ann", "Bob \U0001f9ff\U000f0000\U00012345")  # a sign that hardly any machine has
    run, evaluation = make_run(tmp_path, people)
    page = Page(write_report(run, evaluation, HISTORY))
    assert people[1] in page.text


@pytest.fixture
def latin_only() -> Iterator[None]:
    import matplotlib

    set_font_folders([Path(matplotlib.__file__).parent / "mpl-data" / "fonts" / "ttf"])
    yield
    set_font_folders(None)


@pytest.mark.usefixtures("real_figures")
def test_without_a_chinese_font_the_page_is_chinese_and_its_figures_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, latin_only: None
) -> None:
    words: list[str] = []
    monkeypatch.setattr("matplotlib.axes.Axes.set_xlabel", lambda axes, text, **style: words.append(text))
    run, evaluation = make_run(tmp_path)
    page = Page(write_report(run, evaluation, HISTORY, language="zh-TW"))
    assert "各人物的表現" in page.text and "的字型都缺少以下字元" in page.text
    assert "Predicted person" in words and all(word.isascii() for word in words)


@pytest.mark.slow
@pytest.mark.usefixtures("real_figures")
def test_threads_write_reports_and_each_is_the_same(tmp_path: Path) -> None:
    run, evaluation = make_run(tmp_path)
    first = write_report(run, evaluation, HISTORY).read_bytes()
    runs = [dataclasses.replace(run, path=tmp_path / str(i) / "first") for i in range(2)]
    threads = [threading.Thread(target=write_report, args=(again, evaluation, HISTORY)) for again in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((again.path / "report.html").read_bytes() == first for again in runs)


def test_failures_are_one_sentence(tmp_path: Path) -> None:
    run, evaluation = make_run(tmp_path)
    with pytest.raises(SettingsError, match="Unknown language"):
        write_report(run, evaluation, HISTORY, language="xx")
    run.path.parent.mkdir()
    run.path.write_text("a file where the folder should be")
    with pytest.raises(CastlistError, match="can't be written"):
        write_report(run, evaluation, HISTORY)


@pytest.mark.parametrize("background", ["--paper", "--card", "--tint"])
def test_colors_have_contrast(background: str) -> None:
    css = (Path(write_report.__code__.co_filename).parent / "report.css").read_text("utf-8")

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    schemes = [dict(re.findall(r"(--\w+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root {(.*?)}", css, re.S)]
    for colors, ink in itertools.product(schemes[:2], ("--ink", "--muted", "--right", "--wrong")):
        dark, bright = sorted((luminance(colors[ink]), luminance(colors[background])))
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, (ink, colors[ink])  # WCAG AA


@pytest.mark.slow
def test_the_pages_are_written_by_a_castlist_in_a_zip(tmp_path: Path) -> None:
    source = Path(castlist.__file__).parent
    with zipfile.ZipFile(tmp_path / "castlist.zip", "w") as archive:
        for path in source.rglob("*"):
            if path.suffix != ".pyc":
                archive.write(path, path.relative_to(source.parent))
    script = (
        "from castlist.learning.report.page import template; template('report.html.jinja')\n"
        "from castlist.checks import Findings, write_check; from pathlib import Path\n"
        "import castlist; assert 'castlist.zip' in castlist.__file__\n"
        "write_check(Findings(Path(), (), 0, ()), Path('check.html'))"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "castlist.zip")}
    subprocess.run([sys.executable, "-P", "-c", script], cwd=tmp_path, env=environment, check=True, timeout=60)
    assert "<script" in (tmp_path / "check.html").read_text("utf-8")

"""Every verb as a user types it, with wrong input too."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import castlist
from castlist import cli
from castlist.cli.console import telling_interruption
from castlist.cli.learning import choose_settings
from castlist.errors import needs_extra
from castlist.media import find_photos, read_photo
from castlist.testing import make_run, save_picture
from small_runs import make_small_run


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Type a command; gives its exit code."""
    monkeypatch.setattr(sys, "argv", ["castlist", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
        raise SystemExit(0)
    return int(stop.value.code or 0)


def test_train_then_predict_then_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], drawn_photos: Path, tmp_path: Path
) -> None:
    pytest.importorskip("keras")
    words = ["train", drawn_photos, "--model", "cnn", "--whole", "--epochs", 1, "--image-size", 48]
    words += ["--set", "augmentation.zoom=0.1", "--set", "batch_size=8", "--out", tmp_path / "runs", "--name", "first"]
    assert run(monkeypatch, *words) == 0
    shown = capsys.readouterr()
    assert "test photos named rightly (95 % interval" in shown.out
    assert "report.html" in shown.out
    assert "epoch   1/1" in shown.err
    assert "\nmedium " in shown.err and "\nlow " not in shown.err  # which a training doesn't look for
    folder = tmp_path / "runs" / "first"
    assert {path.name for path in folder.iterdir()} >= {
        "run.json",
        "model.onnx",
        "model.weights.h5",
        "history.csv",
        "metrics.json",
        "predictions.csv",
        "report.html",
        "figures",
    }
    assert json.loads((folder / "run.json").read_text("utf-8"))["settings"]["augmentation"]["zoom"] == 0.1
    assert json.loads((folder / "run.json").read_text("utf-8"))["settings"]["learning_rate"] == 5e-4
    assert not [path for path in folder.rglob("*") if "part" in path.name]

    monkeypatch.chdir(tmp_path)  # the newest run of ./runs is taken
    assert run(monkeypatch, "predict", drawn_photos / "*" / "*1.*") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(find_photos([drawn_photos / "*" / "*1.*"]))
    assert all(line.endswith("%") for line in lines)

    (folder / "report.html").unlink()
    assert run(monkeypatch, "report", folder, "--language", "zh-TW") == 0
    assert 'lang="zh-' in (folder / "report.html").read_text("utf-8")


def test_predict_together_needs_the_model_face(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], drawn_run: Path, drawn_photos: Path
) -> None:
    assert run(monkeypatch, "predict", drawn_photos, "--run", drawn_run, "--together") == 2
    assert "name its photos each for itself" in capsys.readouterr().err


def test_what_is_no_photo_in_a_folder_is_one_note_and_a_line_where_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    drawn_run: Path,
    drawn_photos: Path,
    tmp_path: Path,
) -> None:
    shutil.copy(find_photos([drawn_photos])[0], tmp_path / "ann.png")
    for name in ("a.txt", "b.pdf", "deep/c", "deep/page.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("no photo")
    (tmp_path / "deep" / "empty.py").touch()
    (tmp_path / "deep" / "empty.jpg").touch()
    assert run(monkeypatch, "predict", tmp_path, "--run", drawn_run) == 0
    said = capsys.readouterr()
    told = ["ann.png", "empty.jpg", "page.jpg"]  # what is called a photo is told, whatever it is
    assert [Path(line.split("  ")[0]).name for line in said.out.splitlines()] == told
    assert f"neither photos nor films were passed over: 4, such as {str(tmp_path / 'a.txt')!r}." in said.err
    assert "Of 3 photos and films" in said.err
    assert run(monkeypatch, "predict", tmp_path / "a.txt", tmp_path / "ann.png", "--run", drawn_run) == 0
    said = capsys.readouterr()
    assert "not a photo of a known format" in said.out and "passed over" not in said.err
    assert run(monkeypatch, "predict", tmp_path, "--run", drawn_run, "--csv", "-") == 0
    assert len(capsys.readouterr().out.splitlines()) == 8  # programs are told of every file
    (tmp_path / "ann.png").unlink()
    shutil.rmtree(tmp_path / "deep")
    assert run(monkeypatch, "predict", tmp_path, "--run", drawn_run) == 2
    assert "Of 2 files, none could be read" in capsys.readouterr().err


def test_predict_writes_json_csv_and_pictures(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    drawn_run: Path,
    drawn_photos: Path,
    tmp_path: Path,
) -> None:
    photos = [shutil.copy(path, tmp_path / f"{i}.jpg") for i, path in enumerate(find_photos([drawn_photos])[:3])]
    (tmp_path / "bad.jpg").write_text("no photo")
    table, drawn = tmp_path / "table.csv", tmp_path / "drawn"
    assert run(monkeypatch, "predict", tmp_path, "--run", drawn_run, "--json", "--csv", table, "--draw", drawn) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(answer["photo"]).name for answer in answers] == ["0.jpg", "1.jpg", "2.jpg", "bad.jpg"]
    assert answers[3]["problem"] == "not a photo of a known format"
    assert sum(answers[0]["faces"][0]["others"].values()) + answers[0]["faces"][0]["probability"] == pytest.approx(1)
    rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines()))
    assert [row["name"] for row in rows[:3]] == [answer["faces"][0]["name"] for answer in answers[:3]]
    assert rows[3]["problem"] == "not a photo of a known format"
    assert sorted(path.name for path in drawn.iterdir()) == ["0.named.jpg", "1.named.jpg", "2.named.jpg"]
    assert read_photo(drawn / "0.named.jpg").shape[0] > read_photo(Path(photos[0])).shape[0]


def test_photos_of_one_name_are_both_drawn(
    monkeypatch: pytest.MonkeyPatch, drawn_run: Path, drawn_photos: Path, tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        shutil.copy(find_photos([drawn_photos])[0], tmp_path / folder / "1.jpg")
    words = ("predict", tmp_path / "a", tmp_path / "b", "--run", drawn_run, "--draw", tmp_path / "out")
    assert run(monkeypatch, *words) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a-1.named.jpg", "b-1.named.jpg"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train", "none"], "'none' is not a folder"),
        (["train", "empty"], "There is no person in"),
        (["train", "one"], "at least 2 people"),
        (["train", "empty", "--model", "gan"], "Unknown model 'gan'. Choose from: face, cnn"),
        (["train", "empty", "--preset", "best"], "no preset 'best'"),
        (["train", "empty", "--epochs", "0"], "epochs must be 1 or more. Got 0"),
        (["train", "empty", "--optimizer", "magic"], "optimizer must be one of sgd, adam, adamw, rmsprop"),
        (["train", "empty", "--set", "speed=3"], "Unknown setting 'speed'"),
        (["train", "empty", "--set", "augmentation.spin=3"], "Unknown setting 'spin'"),
        (["train", "empty", "--set", "loud"], "--set must be NAME=VALUE"),
        (["train", "empty", "--set", "a.b=1"], "there is no table 'a'"),
        (["train", "empty", "--settings", "none.toml"], "settings file 'none.toml' can't be read"),
        (["resume", "empty"], "is not a run folder"),
        (["report", "empty"], "is not a run folder"),
        (["predict", "nothing.jpg", "--run", "empty"], "'nothing.jpg' is neither a file"),
        (["predict", "one/a/1.png", "--run", "empty"], "is not a run folder"),
        (["predict", "one/a/1.png"], "no finished run in 'runs'"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: list[str],
    sentence: str,
) -> None:
    from conftest import save_noise

    (tmp_path / "empty").mkdir()
    save_noise(tmp_path / "one" / "a" / "1.png", 1)
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *words) == 2
    shown = capsys.readouterr().err.strip().splitlines()
    assert sentence in shown[-1]
    assert "Traceback" not in "".join(shown)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["predict"], "缺少引數 'PHOTO'。"),
        (["sort", "a.jpg"], "缺少選項 '--into'。"),
        (["predict", "--nope"], "沒有 --nope 這個選項。"),
        (["predict", "a.jpg", "--ru", "x"], "沒有 --ru 這個選項。"),
        (["predict", "a.jpg", "--run"], "選項 '--run' 需要一個值。"),
        (["merge", "--yes=1", "a", "b", "c"], "選項 '--yes' 不能有值。"),
        (["merge", "a", "Max", "-dash"], "沒有 -d 這個選項。\n以 - 開頭的名稱，請放在所有選項與 -- 之後"),
        (["pepole"], "沒有 'pepole' 這個指令。"),
        (["train", "a", "--epochs", "two"], "'--epochs' 的值不對：'two' 不是整數。"),
        (["train", "a", "--learning-rate", "two"], "'--learning-rate' 的值不對：'two' 不是數字。"),
        (["people", "a", "b", "c"], "多出了 b c。"),
        (["--language", "zh-TW"], "缺少指令。"),
    ],
)
def test_what_typer_refuses_is_said_in_the_language_that_is_spoken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_TW.UTF-8")
    assert run(monkeypatch, *words) == 2
    said = capsys.readouterr().err
    assert f"錯誤：{told}" in said
    assert not re.search("Usage|Error|Try|valid|option", said.replace("[OPTIONS]", "").replace("--", ""))


def test_help_has_no_word_of_another_language(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb in ([], *([name] for name in cli.VERBS)):
        assert run(monkeypatch, *verb, "-h", "--language", "zh-TW") == 0
        said = capsys.readouterr().out
        assert said.startswith("用法：") and "顯示這份說明。" in said
        assert not re.search(r"Usage:|Options:|Arguments:|Commands:|required|default|Show this", said)


def test_no_readable_photo_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], drawn_run: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.jpg").write_text("no photo")
    assert run(monkeypatch, "predict", tmp_path / "bad.jpg", "--run", drawn_run) == 2
    assert "Of 1 file, none could be read" in capsys.readouterr().err


def test_what_everybody_asks_a_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"castlist {castlist.__version__}\n"
    for words in (["-h"], ["predict", "-h"]):
        assert run(monkeypatch, *words, "--language", "zh-TW") == 0
        assert "認出照片與影片裡的人。" in capsys.readouterr().out
    assert run(monkeypatch, "predict", tmp_path / "none.jpg", "--language", "zh-TW") == 2
    assert "不是檔案或資料夾，也沒有符合的檔案" in capsys.readouterr().err
    command = [sys.executable, "-P", "-m", "castlist", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("castlist ")
    completing = os.environ | {"_CASTLIST_COMPLETE": "complete_bash", "COMP_WORDS": "castlist pred", "COMP_CWORD": "1"}
    code = "import sys; sys.argv[0] = 'castlist'; from castlist.cli import main; main()"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, env=completing)
    assert done.stdout.split() == ["predict"]


def test_a_verb_that_stands_first_is_read_alone_and_says_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read: list[list[str]] = []
    make_app = cli.make_app
    monkeypatch.setattr(cli, "make_app", lambda verbs: read.append(list(verbs)) or make_app(verbs))
    said = []
    for words in (["--language", "en", "people", "-h"], ["people", "-h"]):
        assert run(monkeypatch, *words) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] != ""
    assert read == [list(cli.VERBS), ["people"]]


INTERRUPTED = """
import runpy, sys
class Interrupting:
    def find_spec(self, name, *how):
        if name == "castlist.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
runpy.run_module("castlist", run_name="__main__")
"""


def test_ctrl_c_is_no_traceback_while_the_command_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", INTERRUPTED], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "castlist: stopped.\n")


TOLD_TO_END = """
import os, runpy, signal, sys
class Telling:
    def find_spec(self, name, *how):
        if name == "castlist.cli.console":
            exec("os.kill(os.getpid(), signal.SIGTERM)")  # of a text, as dataclasses are made
sys.meta_path.insert(0, Telling())
runpy.run_module("castlist", run_name="__main__")
"""


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a process is ended without a word")
@pytest.mark.skipif(os.name != "posix", reason="elsewhere a process is ended without a word")
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_a_work_at_once_whatever_it_is_at(second: int) -> None:
    script = f"""
import os
from castlist.stopping import told_to_end
with told_to_end():
    try:
        os.kill(os.getpid(), 2)
    finally:
        os.kill(os.getpid(), {second:d})
        print("went on")
"""
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (-second, "", "")


def test_who_is_told_to_end_while_the_command_is_loaded_says_so() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", TOLD_TO_END], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (143, "castlist: stopped.\n")


def test_ctrl_c_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    def interrupt_an_import(**_: object) -> None:
        with pytest.raises(KeyboardInterrupt):  # which a library in C may swallow while it is imported
            signal.raise_signal(signal.SIGINT)
        with needs_extra("learn", "Writing a report"):
            raise ImportError("numpy.core.multiarray failed to import")

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = [signal.getsignal(number) for number in numbers]
    for ending, after in ((interrupt, signal.default_int_handler), (interrupt_an_import, signal.SIG_DFL)):
        monkeypatch.setattr(cli, "command_of", lambda app, ending=ending: ending)
        try:
            assert run(monkeypatch) == 130
            assert capsys.readouterr().err == "castlist: stopped.\n"
            assert signal.getsignal(signal.SIGINT) is after, "a second one ends the process at once"
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)


def test_an_interrupted_work_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ("castlist resume 'runs/a'", ""):
        with pytest.raises(KeyboardInterrupt), telling_interruption(lambda words=words: words):
            raise KeyboardInterrupt
    assert capsys.readouterr().err == "castlist: interrupted; go on with: castlist resume 'runs/a'\n"


def test_settings_files_presets_and_options_in_their_order(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("epochs = 7\nbatch_size = 16\n[augmentation]\nzoom = 0.05\n", "utf-8")
    chosen = choose_settings(file, "cnn", None, {"epochs": 9, "seed": None}, ["optimizer=adam"])
    assert (chosen.epochs, chosen.batch_size, chosen.augmentation.zoom, chosen.optimizer) == (9, 16, 0.05, "adam")
    report = choose_settings(None, "cnn", "report", {"epochs": 3}, ["dropouts=[0.1, 0, 0, 0, 0]"])
    assert (report.image_size, report.epochs, report.dropouts) == (224, 3, (0.1, 0, 0, 0, 0))
    assert choose_settings(None, "cnn", None, {"epochs": 3}, []).rate == 5e-4
    assert choose_settings(None, "cnn", None, {"optimizer": "rmsprop"}, []).rate == 1e-4
    assert choose_settings(None, "cnn", None, {}, ["optimizer=sgd", "learning_rate=0.0005"]).rate == 5e-4


def test_a_missing_extra_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], drawn_photos: Path
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "keras" else find_spec(name))
    assert run(monkeypatch, "train", drawn_photos, "--model", "cnn", "--whole") == 2
    assert 'pip install "castlist[keras]"' in capsys.readouterr().err


def test_the_name_of_somebody_else_s_run_commands_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = make_small_run(tmp_path / "runs" / "a\x1b[2Jb\u202ec", ("Ann", "Bo", "Cy")).path
    verbs = (
        ["runs", path.parent],
        ["resume", path],
        ["report", path],
        ["compare", path, path],
        ["forget", path, "No\x1bbody"],
        ["forget", path, "Cy"],
        ["explain", path, path],
        ["export", path],
    )
    told = ""
    for words in verbs:
        run(monkeypatch, *words)
        shown = "".join(capsys.readouterr())
        assert shown and not {"\x1b", "\u202e"} & {*shown}, words
        told += shown
    assert told.count("a\\x1b[2Jb\\u202ec") > 4 and "'No\\x1bbody'" in told


def test_a_forget_that_is_repeated_says_that_nobody_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = make_small_run(tmp_path / "runs" / "one", ("Ann", "Bo", "Cy")).path
    assert run(monkeypatch, "forget", path, "Cy") == 0
    capsys.readouterr()
    assert run(monkeypatch, "forget", path, "Cy") == 2
    shown = capsys.readouterr()
    assert shown.out == "" and "knows nobody called 'Cy'. Choose from: Ann, Bo." in shown.err


def test_a_house_without_its_packages_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert run(monkeypatch, "serve", "--no-browser", "--out", tmp_path / "runs") == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(
        'castlist: Serving needs uvicorn, which is not installed: pip install "castlist[serve]"'
    )
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("predict", "-"),
        ("predict", "photo.jpg", "--draw", "-"),
        ("check", "photos", "--html=-"),
        ("sort", "photos", "--into", "-"),
        ("runs", "-"),
        ("compare", "a", "b", "--picture", "-"),
        ("manifest", "photos", "--out=-"),
    ],
)
def test_a_dash_makes_no_file_that_is_called_so(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "--language", "en", *words) == 2
    assert capsys.readouterr().err.startswith("castlist: '-' is no file: ")
    assert not list(tmp_path.iterdir())


def test_a_table_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "runs/family", ("Ann", "Bo"))
    for name in "ab":
        save_picture(tmp_path / f"{name}.png", [])
    assert run(monkeypatch, "predict", "a.png", "b.png", "none.png", "--csv", "-") == 2  # nothing is begun
    assert not capsys.readouterr().out
    assert run(monkeypatch, "predict", "a.png", "b.png", "--csv=-") == 0
    rows = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert rows[0][:2] == ["photo", "name"] and [row[0] for row in rows[1:]] == ["a.png", "b.png"]
    assert {len(row) for row in rows} == {12}
    assert run(monkeypatch, "predict", "a.png", "--csv", "-", "--json") == 2
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "a.png", "b.png"}


@pytest.mark.parametrize(
    "words",
    [
        ("find", "--in", "s3://bucket/archive", "Ann"),
        ("find", "--in", "archive", "Ann", "--copy-to=gs://bucket/out"),
        ("tag", "s3://bucket/archive"),
        ("predict", "photo.jpg", "--csv", "az://bucket/table.csv"),
        ("train", "photos", "--out", "s3://bucket/runs"),
        ("manifest", "s3://bucket/photos", "--out", "s3://bucket/list.parquet"),
    ],
)
def test_an_address_is_no_folder_of_this_machine(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["castlist", "--language", "en", *words])
    with pytest.raises(SystemExit, match="2"):
        cli.main()
    assert re.search(r"castlist: '(s3|gs|az)://bucket/\S+' is an address", capsys.readouterr().err)
    assert not list(tmp_path.iterdir())  # such as a folder called s3:


@pytest.mark.parametrize(("path", "called"), [("/nowhere", ".venv/bin/castlist"), (None, "castlist")])
def test_the_demo_says_how_to_look_at_its_run(
    path: str | None,
    called: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = make_run(tmp_path / "all runs" / "demo", ("Ann", "Bo"))
    monkeypatch.setattr("castlist.demo.run_demo", lambda *args, **options: (run, None, []))
    (tmp_path / "castlist").touch(0o755)
    monkeypatch.setenv("PATH", path or str(tmp_path))
    monkeypatch.setattr("sys.argv", [".venv/bin/castlist", "--language", "en", "demo", "--out", str(run.path.parent)])
    with pytest.raises(SystemExit, match="0"):
        cli.main()
    assert capsys.readouterr().out.endswith(f"in a browser: {called} serve --out '{run.path.parent}'\n")

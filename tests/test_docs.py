"""The docs say what is there: links and pictures exist, commands have the options shown, two languages keep step."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from castlist.archive import Archive, fill_archive
from castlist.cli import make_app
from castlist.media import FilmWriter
from castlist.testing import draw_picture, level_of, make_run, save_picture, tell_faces

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = typer.main.get_command(make_app())
VERBS = COMMAND.commands  # type: ignore[attr-defined]

every_doc = pytest.mark.parametrize("doc", DOCS, ids=lambda doc: doc.relative_to(ROOT).as_posix())


def code_blocks(doc: Path) -> list[str]:
    return [code for _, code in FENCE.findall(doc.read_text("utf-8"))]


def prose(doc: Path) -> str:
    return FENCE.sub("", doc.read_text("utf-8"))


def commands(doc: Path) -> list[list[str]]:
    """The words after `castlist` of each command, in blocks of code and in the running text."""
    lines = [line for code in code_blocks(doc) for line in code.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", prose(doc))
    return [shlex.split(line, comments=True)[1:] for line in lines if line.strip().startswith("castlist ")]


def options_of(command: typer.core.TyperGroup | typer.core.TyperCommand) -> set[str]:
    """What may be asked of the command, or of a verb."""
    return {option for param in command.params for option in (*param.opts, *param.secondary_opts)} | {"-h", "--help"}


def faults(words: list[str]) -> list[str]:
    """What a command line shows that the command doesn't have."""
    verb, *rest = words
    if verb == "VERB" or verb in options_of(COMMAND):
        return []
    if verb not in VERBS:
        return [verb]
    known = options_of(VERBS[verb])
    return [f"{verb} {word}" for word in rest if word.startswith("-") and word.partition("=")[0] not in known]


@every_doc
def test_commands_and_options_exist(doc: Path) -> None:
    assert not [fault for words in commands(doc) for fault in faults(words)]


@pytest.mark.parametrize("name", ["README.md", "README.zh-TW.md"])
def test_every_command_of_the_readme_is_run_by_the_projects_own_check_and_is_whole(name: str) -> None:
    """`.ci/readme.py` types those of README.md, and the demo is run there as it stands; both files show the same."""
    assert ".ci/readme.py" in (ROOT / ".ci" / "run").read_text("utf-8")
    blocks = [code for language, code in FENCE.findall((ROOT / name).read_text("utf-8")) if not language]
    lines = [line for code in blocks for line in code.splitlines()]
    typed = [shlex.split(line, comments=True) for line in lines if line.startswith("castlist ")]
    assert len(typed) > 15
    for _, verb, *words in typed:
        VERBS[verb].make_context(verb, list(words))  # refuses what the command would refuse
    others = {line.partition(" ")[0] for line in lines if line and not line[0].isspace()} - {"castlist"}
    assert others <= {"pip", "make", "git", "cd", "photos/"}


def test_an_invented_verb_or_option_is_a_fault() -> None:
    assert faults(["train", "photos/", "--model", "cnn"]) == []
    assert faults(["train", "photos/", "--magic"]) == ["train --magic"]
    assert faults(["conjure", "photos/"]) == ["conjure"]


@every_doc
def test_links_and_pictures_exist(doc: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(doc))
    local = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]
    assert not [target for target in local if not (doc.parent / target).exists()]


def test_the_readme_shows_commands_and_pictures() -> None:
    readme = ROOT / "README.md"
    assert {"train", "predict", "enrol", "forget", "resume", "demo"} <= {words[0] for words in commands(readme)}
    assert "![" in prose(readme)


def test_both_readmes_keep_step() -> None:
    english, chinese = ROOT / "README.md", ROOT / "README.zh-TW.md"
    levels = [re.findall(r"^(#+) ", prose(readme), re.MULTILINE) for readme in (english, chinese)]
    assert levels[0] == levels[1]
    assert len(code_blocks(english)) == len(code_blocks(chinese))
    assert commands(english) == commands(chinese)


def test_the_examples_of_python_print_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with FilmWriter(tmp_path / "film.mp4", 25, (200, 100)) as film:
        for level in (level_of(0), level_of(1)) * 3:
            film.write(draw_picture([level, level]))
    blocks = [code for language, code in FENCE.findall((ROOT / "docs/python.md").read_text("utf-8")) if language]
    assert len(blocks) > 6
    names: dict[str, object] = {}
    assert blocks
    for code in blocks:
        exec(compile(code, "docs/python.md", "exec"), names)
        assert capsys.readouterr().out == "".join(re.findall(r"^# (.*\n)", code, re.MULTILINE))


def test_the_queries_of_an_archive_find_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for library in ("duckdb", "pandas", "pyarrow"):
        pytest.importorskip(library, reason="opens an archive's files")
    monkeypatch.chdir(tmp_path)
    make_run("run", ["Ann", "Bo"])
    for name, levels in (("a", (level_of(0), level_of(1))), ("b", (level_of(0, 1),)), ("c", (level_of(0, 2), 99))):
        save_picture(f"photos/{name}.png", levels)
    fill_archive("photos", "run", "archive", finder=tell_faces)
    archive = Archive("archive")
    archive.decide("is", archive.spot("c.png", face=2), name="Dora")
    archive.decide("stranger", archive.spot("b.png"))
    archive.undo()
    blocks = [code for language, code in FENCE.findall((ROOT / "docs/archive.md").read_text("utf-8")) if language]
    names: dict[str, object] = {}
    assert blocks
    for code in blocks:
        exec(compile(code, "docs/archive.md", "exec"), names)
        assert capsys.readouterr().out == "".join(re.findall(r"^# (.*\n)", code, re.MULTILINE))


@pytest.mark.parametrize("name", ["README.md", "README.zh-TW.md"])
def test_the_python_example_compiles(name: str) -> None:
    examples = [code for language, code in FENCE.findall((ROOT / name).read_text("utf-8")) if language == "python"]
    assert examples
    for code in examples:
        compile(code, name, "exec")

"""Every text of windows and pages, and every message, has its translation, and no translation is left over."""

from __future__ import annotations

import ast
import errno
import functools
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import castlist
from castlist import errors
from castlist.cli import make_app
from castlist.cli.words import asked_language, command_of, helpers
from castlist.errors import CastlistError, Message, SettingsError, fill, reason_of
from castlist.languages import LANGUAGES, read_catalogue, translate_message, translator

SOURCE = Path(castlist.__file__).parent
TRANSLATED = [language for language in LANGUAGES if language != "en"]
# What a system refuses, and says so, of files, folders and memory.
SYSTEM = (
    *(errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EISDIR, errno.ENOTDIR),
    *(errno.EEXIST, errno.ENAMETOOLONG, errno.EIO, errno.EMFILE, errno.ENOMEM),
)
ERRORS = {name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, CastlistError)}


@dataclass(frozen=True)
class Said:
    """A message as the code writes it."""

    code: str
    text: str
    values: frozenset[str]
    where: str


def calls_in_code() -> Iterator[tuple[str, ast.Call]]:
    """Every error and message that is made, with the module that makes it."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and name_of(node) in {*ERRORS, "Message"}:
                yield path.relative_to(SOURCE).as_posix(), node


def name_of(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def is_passed_on(call: ast.Call) -> bool:
    """Whether it is another message's code and text: `PhotoError(NO_FACE.code, NO_FACE.text)`."""
    return [getattr(arg, "attr", None) for arg in call.args] == ["code", "text"]


@functools.cache
def messages_in_code() -> list[Said]:
    """What is said with a code."""
    said = []
    for module, call in calls_in_code():
        where = f"{module}:{call.lineno}"
        if module == "errors.py" and not all(isinstance(arg, ast.Constant) and arg.value for arg in call.args[:2]):
            continue  # the machinery
        if len(call.args) < 2 or is_passed_on(call):
            continue
        code, text, *rest = call.args
        assert isinstance(code, ast.Constant) and isinstance(text, ast.Constant), f"{where}: no test finds what it says"
        values = {keyword.arg or "**" for keyword in call.keywords} - (
            {"missing"} if name_of(call) == "FontError" else set()
        )
        for table in rest:
            assert isinstance(table, ast.Dict), f"{where}: no test finds its values"
            values |= {str(getattr(key, "value", "**")) for key in table.keys}
        said.append(Said(code.value, text.value, frozenset(values), where))
    return said


def texts_in_code() -> Iterator[str]:
    """What is handed to a function called translate, everywhere in the package."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "translate":
                (text,) = node.args
                assert isinstance(text, ast.Constant), f"{path.name}:{node.lineno}: not a literal, so no test finds it"
                yield text.value
    for path in SOURCE.rglob("*.jinja"):
        calls = re.findall(r'translate\("([^"\\]*)"\)', path.read_text("utf-8"))
        assert len(calls) == path.read_text("utf-8").count("translate("), f"{path.name}: a text that no test finds"
        yield from calls


def placeholders(text: str) -> set[tuple[str, str]]:
    """The name and the form of each; quotes, and the words for one and for more, are a language's own."""
    return {
        (name, form or "")
        for _, name, form, _ in string.Formatter().parse(text)
        if name is not None and "|" not in (form or "")
    }


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_has_every_text_and_nothing_else(language: str) -> None:
    used, translated = set(texts_in_code()), set(read_catalogue(language))
    assert len(used) > 50
    assert used - translated == set()
    assert translated - used == set()


def test_every_error_has_a_code() -> None:
    lacking = {module for module, call in calls_in_code() if name_of(call) in ERRORS and len(call.args) < 2}
    assert lacking == set()


def test_a_code_is_one_sentence_whose_values_are_given() -> None:
    said = messages_in_code()
    assert len(said) > 80
    texts: dict[str, str] = {}
    for one in said:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.code), one
        assert texts.setdefault(one.code, one.text) == one.text, f"{one.where}: the code {one.code} says something else"
        names = {name for _, name, _, _ in string.Formatter().parse(one.text) if name is not None}
        assert names == one.values, one
        # What a run folder keeps must be read again.
        example = {"code": one.code, "text": one.text, "values": dict.fromkeys(names, 1)}
        assert Message.from_dict(example).code == one.code


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_has_every_message_and_nothing_else(language: str) -> None:
    catalogue = dict(read_catalogue(language, ".messages"))
    for number in SYSTEM:
        reason = reason_of(OSError(number, ""))
        assert isinstance(reason, Message) and catalogue.pop(reason.code)
    texts = {one.code: one.text for one in messages_in_code()}
    assert texts.keys() - catalogue.keys() == set()
    assert catalogue.keys() - texts.keys() == set()
    for code, translation in catalogue.items():
        assert placeholders(texts[code]) == placeholders(translation), code
        assert translation.strip()


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_agree(language: str) -> None:
    for english, translation in read_catalogue(language).items():
        assert placeholders(english) == placeholders(translation), english
        assert translation.strip()


def test_a_message_is_translated_by_its_code_and_so_is_what_is_in_it() -> None:
    refused = CastlistError(
        "system-refuses", "The system refuses ({reason}).", reason=reason_of(PermissionError(13, ""))
    )
    assert translate_message(refused.message, "en") == "The system refuses (Permission denied)."
    assert translate_message(refused.message, "zh-TW") == "系統不允許（沒有權限）。"
    files = Message("cast-stray-files", "whatever the English {count}", {"count": 2})
    assert translate_message(files, "zh-TW") == "有 2 個檔案不在任何人的資料夾裡，已略過。"


def test_what_has_no_translation_stays_english() -> None:
    assert translate_message("A sentence of an older castlist.", "zh-TW") == "A sentence of an older castlist."
    assert translate_message(Message("no-such-code", "In {n} words.", {"n": 3}), "zh-TW") == "In 3 words."
    # A later castlist's, whose values have other names or kinds than this one's translation asks for.
    assert translate_message(Message("no-run", "Nothing in {place}.", {"place": "x"}), "zh-TW") == "Nothing in x."
    differs = Message("file-differs", "By {difference}, {tolerance}.", {"difference": "much", "tolerance": 1})
    assert translate_message(differs, "zh-TW") == "By much, 1."


KINDS = ("", ".messages", ".help", ".usage")


def test_chinese_is_written_as_in_taiwan() -> None:
    everything = "".join(text for kind in KINDS for text in read_catalogue("zh-TW", kind).values())
    assert not set(everything) & set("训练验证测试准确图这个张损阵与对错开设时间"), "simplified characters"
    for mainland in ("信息", "默認", "文件夾", "數據", "網絡", "缺省", "質量"):
        assert mainland not in everything


def test_translator() -> None:
    assert translator("en")("Accuracy") == "Accuracy"
    assert translator("zh-TW")("Accuracy") == "準確率"
    assert translator("zh-TW")("not in the catalogue") == "not in the catalogue"
    text = "of {photos} test {photos:photo|photos}"
    assert fill(translator("zh-TW")(text), {"photos": 3}) == "測試照片共 3 張"
    assert [fill(text, {"photos": n}) for n in (0, 1, 2)] == ["of 0 test photos", "of 1 test photo", "of 2 test photos"]


def test_an_unknown_language_is_one_sentence() -> None:
    with pytest.raises(SettingsError, match=r"Unknown language 'fr'. Choose from: en, zh-TW."):
        translator("fr")


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_help_of_every_verb_and_option_is_translated(language: str) -> None:
    used = {one.help for one in helpers(command_of(make_app()))}
    assert used == set(read_catalogue(language, ".help"))


@pytest.mark.parametrize(
    ("words", "variables", "expected"),
    [
        (["predict", "a.jpg"], {"LANG": "zh_TW.UTF-8"}, "zh-TW"),
        (["predict", "a.jpg"], {"LANG": "zh_TW.UTF-8", "LC_ALL": "C"}, "en"),
        (["predict", "a.jpg", "--language", "en"], {"LANG": "zh_TW.UTF-8"}, "en"),
        (["--language=zh-TW", "predict", "-h"], {}, "zh-TW"),
    ],
)
def test_the_command_speaks_as_asked_or_as_the_system(
    monkeypatch: pytest.MonkeyPatch, words: list[str], variables: dict[str, str], expected: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert asked_language(words) == expected

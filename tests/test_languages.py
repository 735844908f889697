"""Every text of windows and pages has its translation, and no translation is left over."""

from __future__ import annotations

import ast
import errno
import itertools
import os
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import castlist
from castlist.desktop.texts import NO_CHINESE
from castlist.errors import SettingsError
from castlist.languages import LANGUAGES, read_catalogue, translate_sentence, translator
from castlist.learning.dataset import NO_FACE
from castlist.settings import MODELS

SOURCE = Path(castlist.__file__).parent
TRANSLATED = [language for language in LANGUAGES if language != "en"]
# Rooms whose sentences no window shows.
COMMANDS_ONLY = {
    *(
        "__init__",
        "checks",
        "cli",
        "comparison",
        "console",
        "demo",
        "diagnosis",
        "drawn",
        "duplicates",
        "explanation",
        "export",
    ),
    *("films", "languages", "report", "tensorboard", "tuning"),
}
# What a system refuses, and says so, of files, folders and memory.
SYSTEM = (
    *(errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EISDIR, errno.ENOTDIR),
    *(errno.EEXIST, errno.ENAMETOOLONG, errno.EIO, errno.EMFILE, errno.ENOMEM),
)
# Told to programmers, not to people before a window.
PROGRAMMERS = {"AttributeError", "ShapeError", "ValueError"}


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


def sentences_in_code() -> Iterator[str]:
    """What the rooms behind the window say: every error, every string that is a sentence, every reason."""
    for path in SOURCE.rglob("*.py"):
        room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        if room in COMMANDS_ONLY and path.name != "inspection.py":  # whose notes are on the page of a check
            continue
        tree = ast.parse(path.read_text("utf-8"))
        elsewhere = set()  # docstrings, parts of longer strings, texts of windows, errors of programmers
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr):
                elsewhere.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                elsewhere.update(node.values)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"translate", *PROGRAMMERS}:
                elsewhere.update(node.args)
        for node in ast.walk(tree):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                yield from (text for one in node.exc.args[:1] if one not in elsewhere for text in as_template(one))
            elif isinstance(node, ast.Return) and node.value and path.name in {"photos.py", "records.py"}:
                yield from (text for text in as_template(node.value) if " " in text)
            elif isinstance(node, ast.Constant | ast.JoinedStr) and node not in elsewhere:
                yield from (text for text in as_template(node) if re.fullmatch(r"([A-Z]|\{0\} [a-z]).* .* .*\.", text))
    yield from ("[Errno {0}] {1}: {2}", *(os.strerror(number) for number in SYSTEM))
    yield from (NO_FACE, *(kind.summary for kind in MODELS.values()))


def as_template(node: ast.expr) -> Iterator[str]:
    """A string with its placeholders numbered, or nothing if it is no string."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    if all(isinstance(part, ast.FormattedValue) or isinstance(getattr(part, "value", None), str) for part in parts):
        numbers = itertools.count()
        yield "".join(part.value if isinstance(part, ast.Constant) else f"{{{next(numbers)}}}" for part in parts)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_has_every_text_and_nothing_else(language: str) -> None:
    used, translated = set(texts_in_code()), set(read_catalogue(language))
    assert len(used) > 50
    assert used - translated == set()
    assert translated - used == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_has_every_sentence_of_the_library_and_nothing_else(language: str) -> None:
    # Tk's own texts have their translation beside them; and who has no Chinese font can't read Chinese.
    used = {text for text in sentences_in_code() if "%1$s" not in text and text != NO_CHINESE}
    translated = set(read_catalogue(language, ".sentences"))
    assert len(used) > 80
    assert used - translated == set()
    assert translated - used == set()


@pytest.mark.parametrize("kind", ["", ".sentences"])
@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_agree(language: str, kind: str) -> None:
    for english, translation in read_catalogue(language, kind).items():
        # A plural's s has no place in Chinese.
        plurals = {"1"} if kind and re.search(r"[a-z]\{1\}", english) else set()
        assert placeholders(english) - plurals == placeholders(translation), english
        assert translation.strip()


def test_sentences_are_recognized_by_the_text_between_what_was_filled_in() -> None:
    def chinese(sentence: str) -> str:
        return translate_sentence(sentence, "zh-TW")

    assert (
        chinese("'/a b' is not a run folder: it has no run.json.") == "'/a b' 不是訓練結果的資料夾，裡面沒有 run.json。"
    )
    assert chinese("The run 'x' has format 9; this castlist reads format 1. Upgrade castlist, or train again.") == (
        "訓練結果 'x' 的格式版本是 9，這個版本的 castlist 只讀得懂 1。請更新 castlist，或重新訓練。"
    )
    assert chinese("2 files beside the people's folders belong to nobody and were left out.") == (
        "有 2 個檔案不在任何人的資料夾裡，已略過。"
    )
    assert chinese("A sentence that nobody has translated.") == "A sentence that nobody has translated."
    assert chinese("can't be opened (Permission denied)") == "無法開啟（沒有權限）"
    assert translate_sentence("no face found", "en") == "no face found"


def test_chinese_is_written_as_in_taiwan() -> None:
    everything = "".join(text for kind in ("", ".sentences") for text in read_catalogue("zh-TW", kind).values())
    assert not set(everything) & set("训练验证测试准确图这个张损阵与对错开设时间"), "simplified characters"
    for mainland in ("信息", "默認", "文件夾", "數據", "網絡", "缺省", "質量"):
        assert mainland not in everything


def test_translator() -> None:
    assert translator("en")("Accuracy") == "Accuracy"
    assert translator("zh-TW")("Accuracy") == "準確率"
    assert translator("zh-TW")("not in the catalogue") == "not in the catalogue"
    assert translator("zh-TW")("of {photos} test photos").format(photos=3) == "測試照片共 3 張"


def test_an_unknown_language_is_one_sentence() -> None:
    with pytest.raises(SettingsError, match=r"Unknown language 'fr'. Choose from: en, zh-TW."):
        translator("fr")

"""Every text of windows and pages has its translation, and no translation is left over."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import castlist
from castlist.errors import SettingsError
from castlist.languages import LANGUAGES, read_catalogue, translator

SOURCE = Path(castlist.__file__).parent
TRANSLATED = [language for language in LANGUAGES if language != "en"]


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


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_has_every_text_and_nothing_else(language: str) -> None:
    used, translated = set(texts_in_code()), set(read_catalogue(language))
    assert len(used) > 50
    assert used - translated == set()
    assert translated - used == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_agree(language: str) -> None:
    for english, translation in read_catalogue(language).items():
        assert placeholders(english) == placeholders(translation), english
        assert translation.strip()


def test_chinese_is_written_as_in_taiwan() -> None:
    everything = "".join(read_catalogue("zh-TW").values())
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

"""The catalogues: every language says everything, in the same keys with the same places for names."""

import json
import re
from pathlib import Path

import pytest

import tinygrad_bp.words
from tinygrad_bp.words import LANGUAGES, catalogue, language_of_the_locale, words

FOLDER = Path(tinygrad_bp.words.__file__).parent
SOURCES = [path.read_text(encoding="utf-8") for path in FOLDER.parent.rglob("*.py")]


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_the_languages_say_the_same(language: str) -> None:
    first, other = catalogue(LANGUAGES[0]), catalogue(language)
    assert list(other) == list(first)
    for section, texts in first.items():
        assert list(other[section]) == list(texts), section
        for key, text in texts.items():
            wanted = set(re.findall(r"\{(\w+)\}", text))
            assert set(re.findall(r"\{(\w+)\}", other[section][key])) | {"count"} == wanted | {"count"}, (section, key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_is_there_once_and_plain(language: str) -> None:
    sections = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"), object_pairs_hook=list)
    for section, table in sections:
        assert len(dict(table)) == len(table)
        for key, text in table:
            assert section == "say" or text == text.strip() != "", key
            assert not re.search(r"[<>&][a-z/#]|\{\{", text), key
            assert "|" not in text or (language == "en" and text.count("|") == 1), key


def test_japanese_is_polite_and_has_its_own_marks() -> None:
    plain = r"(?:(?<![でま])す|(?<!しょ)う|[くつぬふむるぐぶ]|だ|(?<!くださ)い|(?<![でま]し)た)。"
    half = r"[\u3040-\u30ff\u4e00-\u9fff][:;,!?(]|ことができ"
    other = "ブラウザ(?!ー)|オプティマイザー|パラメーター|デルタ則|逆伝搬|連鎖則|正味入力"
    wrong = re.compile(f"{plain}|{half}|{other}")
    said = {f"{section}.{key}": text for section, texts in catalogue("ja").items() for key, text in texts.items()}
    assert {key: text for key, text in said.items() if wrong.search(re.sub("「[^」]*」", "", text))} == {}


def test_every_text_but_the_pages_is_asked_for() -> None:
    literals = {text for source in SOURCES for text in re.findall(r'["\']([a-z_]+\.[a-zA-Z_.{}]+)["\']', source)}
    patterns = [re.compile(".+".join(map(re.escape, re.split(r"\{[^}]*\}", text)))) for text in literals]
    for section, texts in catalogue("en").items():
        for key in texts if section != "page" else ():
            assert any(pattern.fullmatch(f"{section}.{key}") for pattern in patterns), f"{section}.{key}"


def test_words_are_chosen_by_language_and_filled() -> None:
    assert words()("count.weight", count=1) == "1 weight"
    assert words()("count.weight", count=2000) == "2,000 weights"
    assert words("ja")("count.weight", count=1) == "重み1個"
    assert words().listed([]) == ""
    assert words().listed(["a", "b", "{c}"]) == "a, b and {c}"
    with pytest.raises(KeyError):
        words()("count.weight")
    with pytest.raises(ValueError, match=r"^language is one of 'en', 'ja', not 'jp'"):
        words("jp")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja"}, "ja"),
        ({"LC_ALL": "C", "LANG": "ja_JP"}, "en"),
        ({"LANG": "de_DE"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_of_the_locale(
    environment: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language_of_the_locale() == language

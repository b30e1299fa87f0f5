"""Legends of pictures are in the language that is asked for, and say the same in each."""

import pytest

from tests.worked import worked_example, worked_net
from tinygrad_bp import draw, draw_network, lesson
from tinygrad_bp.lessons.blocks import Picture


def test_the_legend_of_a_graph_is_in_the_language_asked_for() -> None:
    error = worked_example().error
    error.backward()
    english, japanese = (draw(error, highlight="w5", language=language).source for language in ("en", "ja"))
    assert english == draw(error, highlight="w5").source
    assert all(words in english for words in ("gradient", "paths of the chain rule"))
    assert all(words in japanese for words in ("勾配", "連鎖律の経路"))
    assert "paths of the chain rule" not in japanese


def test_the_legend_of_a_network_is_in_the_language_asked_for() -> None:
    net = worked_net()
    english, japanese = (draw_network(net, highlight="w5", language=language).source for language in ("en", "ja"))
    assert english == draw_network(net, highlight="w5").source
    for words, same in (("positive weight", "正の重み"), ("thickness: size", "太さ"), ("ways to the", "出力への経路")):
        assert words in english
        assert words not in japanese
        assert same in japanese


def test_pictures_of_lessons_speak_as_the_lesson_does() -> None:
    made = lesson(worked_example().error, language="ja")
    [picture] = [block for block in made.blocks if isinstance(block, Picture)]
    assert "正の重み" in picture.drawing.source


@pytest.mark.parametrize(
    "picture", [lambda: draw(worked_example().error, language="jp"), lambda: draw_network(worked_net(), language="jp")]
)
def test_another_language_is_refused(picture: object) -> None:
    assert callable(picture)
    with pytest.raises(ValueError, match="language is one of 'en', 'ja', not 'jp'"):
        picture()

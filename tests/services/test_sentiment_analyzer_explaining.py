"""Why a text is scored as it is."""

import json
from dataclasses import asdict

import pytest

pytest.importorskip("vaderSentiment")

from ray_services.common.errors import BadInput
from ray_services.sentiment_analyzer.explaining import Word, explain
from ray_services.sentiment_analyzer.lexicon import Lexicon
from ray_services.sentiment_analyzer.scoring import score_texts
from tests.services.sentiment_texts import texts_of


def word(text: str, wanted: str) -> Word:
    return next(one for one in explain(text).words if one.word == wanted)


def test_an_explanation_ends_in_the_scores() -> None:
    for text in texts_of(11, 200, ["good", "BAD", "great", "hate"]):
        found = explain(text)
        assert found.scores == score_texts([text]).row(0)
        assert sum(one.sentiment for one in found.words) == pytest.approx(found.sum, abs=1e-12)
        raw = found.sum + found.emphasis * ((found.sum > 0) - (found.sum < 0))
        assert found.scores["score"] == pytest.approx(raw / (raw**2 + 15) ** 0.5, abs=5.1e-5)


def test_steps_lead_from_the_lexicon_to_the_sentiment() -> None:
    for text in texts_of(12, 200, ["good", "BAD", "great", "hate"]):
        for one in explain(text).words:
            value = one.valence or 0.0
            for step in one.steps:
                assert step.before == value != step.after
                value = step.after
            assert value == one.sentiment


def test_each_rule_is_named_with_the_valence_before_and_after() -> None:
    found = word("the food is not very GOOD but fine", "GOOD")
    assert [step.rule for step in found.steps] == [
        "capitals", "degree word 1 before", "negation 2 before", "but",
    ]  # fmt: skip
    assert found.valence == 1.9
    assert found.capitals
    before = found.steps[2]
    assert before.after == pytest.approx(before.before * -0.74)
    assert found.sentiment == pytest.approx((1.9 + 0.733 + 0.293) * -0.74 * 0.5)


@pytest.mark.parametrize(
    ("text", "wanted", "rule"),
    [
        ("no fun", "fun", "no"),
        ("the least good", "good", "least"),
        ("that really is the bomb", "bomb", "idiom"),
        ("extremely fine and good", "good", "degree word 3 before"),
        ("never a good", "good", "negation 2 before"),
        ("good but fine", "fine", "but"),
    ],
)
def test_a_rule_at_work_is_told(text: str, wanted: str, rule: str) -> None:
    assert rule in [step.rule for step in word(text, wanted).steps]


def test_words_without_a_valence_have_none() -> None:
    assert word("the good food", "food").valence is None
    degree = word("very good", "very")
    assert degree.degree
    assert (degree.valence, degree.sentiment) == (None, 0.0)


def test_emoji_are_spelled_out() -> None:
    texts = [one.text for one in explain("nice😀 day").words]
    assert texts == ["nice", "grinning", "face", "day"]


def test_a_lexicons_words_are_explained() -> None:
    found = explain("mooncake day", Lexicon().extended({"mooncake": 2.0}))
    assert found.words[0].valence == 2.0


def test_an_empty_text_has_an_empty_explanation() -> None:
    found = explain("  ")
    assert (found.words, found.sum, found.emphasis) == ((), 0.0, 0.0)


def test_an_explanation_is_json() -> None:
    found = asdict(explain("not a GOOD day :( but 😀!"))
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(found))


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(BadInput, match="expected a text"):
        explain(None)  # type: ignore[arg-type]

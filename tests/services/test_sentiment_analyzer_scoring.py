"""Batches of texts: labels, confidence, lexicons, and what is refused."""

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

pytest.importorskip("vaderSentiment")

from ray_services.common.errors import BadInput
from ray_services.sentiment_analyzer import published, scoring, vocabulary
from ray_services.sentiment_analyzer.finance import FINANCE
from ray_services.sentiment_analyzer.lexicon import Lexicon
from ray_services.sentiment_analyzer.published import LexiconMissing
from ray_services.sentiment_analyzer.scoring import (
    Scores,
    Thresholds,
    blocks_of,
    check_texts,
    join_scores,
    labels_of,
    score_texts,
    warm_up,
)
from ray_services.sentiment_analyzer.words import as_word
from tests.services.sentiment_texts import texts_of

TEXTS = texts_of(7, 500, ["good", "bad", "great", "horrible", "love", "hate"])


def same(one: Scores, other: Scores) -> bool:
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name))
        for field in fields(Scores)
    )


def complaint(call: Any, *args: Any, **kwargs: Any) -> BadInput:
    with pytest.raises(BadInput) as caught:
        call(*args, **kwargs)
    return caught.value


def test_a_text_scores_the_same_alone_and_in_any_company() -> None:
    whole = score_texts(TEXTS)
    assert same(whole, join_scores([score_texts([text]) for text in TEXTS]))
    backwards = score_texts(TEXTS[::-1])
    assert np.array_equal(backwards.compound[::-1], whole.compound)


@pytest.mark.parametrize("size", [1, 7, 499, 500, 10_000])
def test_how_a_batch_is_cut_changes_nothing(size: int) -> None:
    parts = [score_texts(block) for block in blocks_of(TEXTS, size)]
    assert same(join_scores(parts), score_texts(TEXTS))


def test_blocks_within_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = score_texts(TEXTS)
    monkeypatch.setattr(scoring, "BLOCK", 3)
    assert same(score_texts(TEXTS), whole)


def test_long_texts_are_taken_fewer_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = score_texts(TEXTS)
    monkeypatch.setattr(scoring, "BLOCK_CHARACTERS", 100)
    assert same(score_texts(TEXTS), whole)


def test_no_texts_have_no_scores() -> None:
    assert len(score_texts([])) == len(join_scores([])) == 0
    assert score_texts([]).summary()["mean_score"] is None


@pytest.mark.parametrize("text", ["", "   \n\t", "\u00a0"])
def test_an_empty_text_is_neutral_and_known_for_nothing(text: str) -> None:
    assert score_texts([text]).row(0) == {
        "sentiment": "neutral", "score": 0.0, "confidence": 0.0,
        "positive": 0.0, "neutral": 0.0, "negative": 0.0, "scored_words": 0,
    }  # fmt: skip


def test_a_row_says_what_was_found() -> None:
    row = score_texts(["A good and great day"]).row(0)
    assert row["sentiment"] == "positive"
    assert row["scored_words"] == 2
    assert 0 < row["confidence"] < 1
    assert row["positive"] + row["neutral"] + row["negative"] == pytest.approx(1, abs=2e-3)


def test_labels_begin_at_the_thresholds() -> None:
    compound = np.array([0.05, 0.0499, 0.0, -0.0499, -0.05])
    assert labels_of(compound).tolist() == [1, 0, 0, 0, -1]
    assert labels_of(compound, Thresholds(0.0, -0.05)).tolist() == [1, 1, 1, 0, -1]


def test_confidence_is_the_place_within_the_labels_range() -> None:
    scores = score_texts(["good", "good"], thresholds=Thresholds(0.1, -0.1))
    assert scores.confidence[0] == pytest.approx((scores.compound[0] - 0.1) / 0.9)
    at_threshold = Thresholds(float(scores.compound[0]), -0.1)
    assert score_texts(["good"], thresholds=at_threshold).confidence[0] == 0
    assert score_texts(["good"], thresholds=Thresholds(1.0, -1.0)).confidence[0] < 1
    assert score_texts(["the table"]).confidence[0] == 0  # nothing is known of it
    assert score_texts(["good bus stop"]).confidence.min() >= 0


def test_a_summary_counts_and_averages() -> None:
    summary = score_texts(["good", "bad", "good", "table"]).summary()
    assert (summary["positive"], summary["negative"], summary["neutral"]) == (2, 1, 1)
    assert summary["positive_share"] == 0.5
    assert summary["texts_without_known_word"] == 1
    assert summary["score_deviation"] > 0


@pytest.mark.parametrize(
    ("positive", "negative", "field"),
    [
        (2, -0.1, "positive"), (float("nan"), -0.1, "positive"), (0.1, "low", "negative"),
        (0.1, True, "negative"), (0.1, 0.1, "negative"), (-0.5, 0.5, "negative"),
    ],
)  # fmt: skip
def test_thresholds_that_make_no_sense_are_refused(
    positive: Any, negative: Any, field: str
) -> None:
    assert complaint(Thresholds, positive, negative).field == field


@pytest.mark.parametrize("text", [None, 5, b"good", float("nan"), ["good"]])
def test_what_is_no_text_is_refused_with_its_row(text: Any) -> None:
    error = complaint(score_texts, ["good", "bad", text])
    assert (error.field, error.row) == ("texts", 3)
    assert error.remedy


def test_a_text_that_is_too_long_is_refused_with_its_row() -> None:
    assert complaint(check_texts, ["good", "x" * 100_001]).row == 2
    assert check_texts(["x" * 100_000])


def test_a_single_text_is_no_list_of_letters() -> None:
    assert complaint(score_texts, "good").field == "texts"


def test_a_block_complains_with_the_row_of_the_whole() -> None:
    assert complaint(blocks_of, [*TEXTS, None], 10).row == len(TEXTS) + 1


def test_the_lexicon_can_be_extended() -> None:
    lexicon = Lexicon().extended({"Moonshot": 3.5, "good": -1.0})
    scores = score_texts(["what a moonshot", "a good day", "a bad day"], lexicon)
    assert scores.labels.tolist() == [1, -1, -1]
    assert lexicon.valences["moonshot"] == 3.5
    assert score_texts(["a good day"]).labels[0] == 1  # the published one is as it was


def test_words_of_finance_are_added_on_demand() -> None:
    texts = ["shares plunge after the downgrade", "a dividend and a buyback", "bullish"]
    assert score_texts(texts).labels.tolist() == [1, 0, 0]
    assert score_texts(texts, Lexicon(finance=True)).labels.tolist() == [-1, 1, 1]


def test_a_callers_words_win_over_those_of_finance() -> None:
    lexicon = Lexicon(finance=True).extended({"bullish": -1.0})
    assert score_texts(["bullish"], lexicon).labels[0] == -1


def test_each_word_of_finance_can_be_found() -> None:
    assert dict(Lexicon().extended(FINANCE).entries) == FINANCE
    assert all(as_word(word) == word for word in FINANCE)


def test_lexicons_of_the_same_words_are_the_same() -> None:
    one, other = Lexicon().extended({"a1b": 1, "c1d": 2}), Lexicon().extended({"c1d": 2, "A1B ": 1})
    assert one == other
    assert hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301


@pytest.mark.parametrize(
    ("word", "valence"),
    [
        ("moon", 4.1), ("moon", float("nan")), ("moon", float("inf")), ("moon", "3"),
        ("moon", True), ("moon", None), ("", 1), ("  ", 1), ("to the moon", 1), ("$tsla", 1),
        ("moon!", 1), ("very", 1), ("kinda", 1), ("😀", 1), ("so😀good", 1), ("x" * 101, 1),
        (5, 1),
    ],
)  # fmt: skip
def test_entries_that_could_never_count_are_refused(word: Any, valence: Any) -> None:
    error = complaint(Lexicon, entries=(("good", 1.0), (word, valence)))
    assert (error.field, error.row) == ("lexicon", 2)
    assert error.remedy


def test_too_many_entries_are_refused() -> None:
    many = {f"word{number}": 1.0 for number in range(10_001)}
    assert complaint(Lexicon().extended, many).field == "lexicon"


@pytest.fixture
def no_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    published.valences.cache_clear()
    published.emoji.cache_clear()
    monkeypatch.setattr(published, "find_spec", lambda name: None)
    yield
    published.valences.cache_clear()
    published.emoji.cache_clear()


@pytest.mark.usefixtures("no_package")
def test_without_the_published_lexicon_it_is_told_what_to_install() -> None:
    with pytest.raises(LexiconMissing, match="pip install vaderSentiment"):
        published.valences()
    with pytest.raises(LexiconMissing):
        Lexicon().extended({"moon": 1.0})


def test_a_vocabulary_that_grew_too_large_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = score_texts(TEXTS)
    monkeypatch.setattr(vocabulary, "MOST_TOKENS", 20)
    monkeypatch.setattr(scoring, "BLOCK", 50)
    assert same(score_texts(TEXTS), whole)


def test_a_vocabulary_grows_beyond_its_first_room() -> None:
    lexicon = Lexicon().extended({"roomy": 1.0})
    texts = [f"word{number} good😀{number}" for number in range(9000)]
    assert (score_texts(texts, lexicon).labels == 1).all()
    assert score_texts(["roomy"], lexicon).labels[0] == 1


def test_a_long_piece_is_not_remembered() -> None:
    lexicon = Lexicon().extended({"longish": 1.0})
    texts = ["good " + letter * 50_000 for letter in "abcdefgh"] * 2
    assert (score_texts(texts, lexicon).labels == 1).all()
    assert len(vocabulary.vocabulary_of(lexicon)) == 1


def test_vocabularies_of_few_lexicons_are_kept() -> None:
    for number in range(6):
        score_texts(["good"], Lexicon().extended({f"word{number}": 1.0}))
    assert len(vocabulary._kept) <= vocabulary.MOST_KEPT


def test_threads_do_not_disturb_each_other() -> None:
    lexicon = Lexicon().extended({"threadly": 1.0})
    texts = [f"{text} new{number}😀" for number, text in enumerate(TEXTS * 4)]
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda block: score_texts(block, lexicon), blocks_of(texts, 50)))
    assert same(join_scores(parts), score_texts(texts, lexicon))


def test_warming_up_loads_everything() -> None:
    warm_up()

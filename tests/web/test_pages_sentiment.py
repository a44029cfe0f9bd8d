"""The pages of the sentiment service: texts, single words, the strategy."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from django_ray_runtime.testing import run_enqueued
from pages.services.sentiment_drawn import histogram
from pages.services.sentiment_strategy_drawn import falls_of, growth_of
from ray_services.models import Calculation
from ray_services.sentiment_analyzer.scoring import score_texts
from tests.web.service_pages import charts_of, checked, form_values, seen, sent, uploaded

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

TEXTS, WORDS = "/services/sentiment/", "/services/sentiment/words/"
STRATEGY = "/services/sentiment/strategy/"


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.SERVICES_DIR = tmp_path / "services"


@pytest.fixture
def ana(client: Client, user: Any) -> Client:
    client.force_login(user)
    return client


@pytest.mark.parametrize("address", [TEXTS, WORDS, STRATEGY])
def test_only_who_has_logged_in_sees_them(client: Client, user: Any, address: str) -> None:
    assert client.get(address)["Location"].startswith("/login/")
    client.force_login(user)
    seen(client, address)
    assert client.put(address).status_code == 405


def test_the_example_is_scored_as_it_stands(ana: Client) -> None:
    given = form_values(ana, TEXTS)
    shown = sent(ana, TEXTS, given)
    lines = given["texts"].split("\n")
    scores = score_texts(lines)
    assert charts_of(shown) == ["Scores of the texts"]
    assert shown.context["summary"]["texts"] == len(lines) == len(shown.context["rows"])
    assert [row.score for row in shown.context["rows"]] == scores.compound.tolist()
    assert "$AAPL looks GREAT" in shown.content.decode()
    assert shown.content.decode().count("Why?") == len(lines) + 1


def test_many_texts_are_told_by_their_extremes(ana: Client) -> None:
    shown = sent(ana, TEXTS, form_values(ana, TEXTS) | {"source": "built-in"})
    rows = shown.context["rows"]
    assert (len(rows), shown.context["summary"]["texts"]) == (40, 2_000)
    assert rows[0].score > 0.5
    assert rows[-1].score < -0.5
    assert sum(one.texts for one in shown.context["counts"]) == 2_000


def test_own_words_and_thresholds_count(ana: Client) -> None:
    given = form_values(ana, TEXTS) | {"texts": "to the moon", "lexicon": "moon 3\n\nrekt: -2,5"}
    shown = sent(ana, TEXTS, given)
    assert shown.context["rows"][0].score > 0.5
    assert shown.context["kept"]["lexicon"] == "moon 3.0\nrekt -2.5"
    strict = sent(ana, TEXTS, given | {"positive": "0.9"})
    assert strict.context["rows"][0].label == "neutral"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"texts": "   \n"}, "Type or paste some"),
        ({"texts": "x" * 10_001}, "up to 10,000 characters"),
        ({"texts": "a\n" * 20_001}, "up to 20,000 texts"),
        ({"lexicon": "moon up"}, "Line 1: expected a word and a number"),
        ({"lexicon": "moon 9"}, "a number of at most 4"),
        ({"lexicon": "moon nan"}, "finite"),
        ({"positive": "much"}, "Enter a number"),
        ({"source": "ab" * 32}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_scored_is_told_at_its_field(
    ana: Client, wrong: dict[str, str], told: str
) -> None:
    answer = ana.post(TEXTS, form_values(ana, TEXTS) | wrong)
    assert answer.status_code == 422
    [name] = answer.context["form"].errors
    assert name in {*wrong, "texts"}
    assert told in answer.content.decode()
    assert f'id="id_{name}_error"' in answer.content.decode()
    assert "result_template" not in answer.context


def test_texts_of_ones_own_go_through_the_queue(ana: Client) -> None:
    uploaded(ana, "texts", b"text\nI love it\nI hate it\n")
    form = ana.get(TEXTS).context["form"]
    sha256 = form.fields["source"].choices[-1][0]
    answer = ana.post(TEXTS, form_values(ana, TEXTS) | {"source": sha256})
    calculation = Calculation.objects.get()
    assert answer["Location"] == f"/services/calculations/{calculation.id}/"
    run_enqueued()
    shown = ana.get(answer["Location"])
    checked(shown)
    assert charts_of(shown) == ["Scores of the texts"]
    assert [row.label for row in shown.context["rows"]] == ["positive", "negative"]


def test_other_peoples_texts_are_nobodys_choice(ana: Client, staff_user: Any) -> None:
    uploaded(ana, "texts", b"text\nI love it\n")
    given = form_values(ana, TEXTS) | {
        "source": ana.get(TEXTS).context["form"].fields["source"].choices[-1][0]
    }
    other = Client()
    other.force_login(staff_user)
    assert other.post(TEXTS, given).status_code == 422
    assert not Calculation.objects.exists()


def test_a_score_is_explained_word_by_word(ana: Client) -> None:
    shown = sent(ana, WORDS, form_values(ana, WORDS))
    context = shown.context
    good = next(word for word in context["words"] if word.text == "GOOD,")
    assert (good.tone, good.valence) == ("negative", 1.9)
    assert [rule.words for rule in good.rules][:2] == [
        "written in capitals", "a word of degree, 1 before it",
    ]  # fmt: skip
    assert good.rules[-1].after == good.sentiment
    assert context["score"] == pytest.approx(context["whole"] / context["root"], abs=1e-4)
    assert charts_of(shown) == ["What each word adds"]


@pytest.mark.parametrize(
    "text", ["Nothing known here", "Not bad!!!", "😀", "<script>bad()</script>", "good " * 2_000]
)
def test_every_text_can_be_explained(ana: Client, text: str) -> None:
    shown = sent(ana, WORDS, form_values(ana, WORDS) | {"text": text})
    assert shown.context["score"] == pytest.approx(
        shown.context["whole"] / shown.context["root"], abs=1e-4
    )


def test_the_strategy_is_drawn_beside_its_benchmark(ana: Client) -> None:
    shown = sent(ana, STRATEGY, form_values(ana, STRATEGY))
    assert charts_of(shown) == ["Return since the first day", "Below the highest so far"]
    figures = {one.name: one for one in shown.context["figures"]}
    summary = shown.context["summary"]
    assert figures["Sharpe ratio of a year"].strategy == f"{summary['strategy']['sharpe']:.2f}"
    assert figures["Growth of a year (CAGR)"].benchmark.endswith("%")
    portfolios = shown.context["portfolios"]
    assert len(portfolios) == summary["periods"]
    assert portfolios[0].held_from > portfolios[-1].held_from
    assert sum(one["weight"] for one in portfolios[0].holdings) == pytest.approx(1)


def test_the_strategy_needs_no_benchmark(ana: Client) -> None:
    shown = sent(ana, STRATEGY, form_values(ana, STRATEGY) | {"benchmark": "", "top": "40"})
    assert shown.context["benchmark"] == ""
    assert "QQQ" not in shown.content.decode().split('id="answer"')[1]
    assert (len(shown.context["portfolios"][0].holdings), shown.context["portfolios"][0].more) == (
        10, 30,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "field", "told"),
    [
        ({"benchmark": "QQQQ"}, "benchmark", "Did you mean QQQ?"),
        ({"top": "0"}, "top", "greater than or equal to 1"),
        ({"start": "2030-01-01"}, "start", "Nothing was held"),
        ({"start": "2022-12-01", "end": "2022-01-01"}, "start", "after its end on"),
        ({"min_likes": "1e15"}, "min_likes", ""),
    ],
)
def test_what_the_strategy_cannot_do_is_told_at_its_field(
    ana: Client, wrong: dict[str, str], field: str, told: str
) -> None:
    answer = ana.post(STRATEGY, form_values(ana, STRATEGY) | wrong)
    assert answer.status_code == 422
    assert told in answer.context["form"].errors[field][0]


def test_a_strategy_by_weeks_is_a_page_of_the_usual_size(ana: Client) -> None:
    shown = sent(ana, STRATEGY, form_values(ana, STRATEGY, period="week", top="100"))
    assert not shown.context["all_shown"]
    assert len(shown.context["portfolios"]) == 40


def test_long_texts_are_a_page_of_the_usual_size(ana: Client) -> None:
    line = 'It is "good" & <fine>, ' * 12
    shown = sent(ana, TEXTS, form_values(ana, TEXTS, texts="\n".join([line] * 60)))
    assert len(shown.context["rows"]) == 40


def test_bins_hold_what_they_say() -> None:
    drawn = str(histogram([-1.0, -0.3, -0.05, 0.0, 0.3, 0.7, 1.0]))
    for low in ("-1.0", "-0.3", "-0.1", "0.0", "0.3", "0.7", "0.9"):
        assert f"<title>{low}: 14" in drawn


def test_falls_and_growth_are_what_they_are() -> None:
    assert falls_of([0.1, -0.01, 0.1, 0.21]) == pytest.approx([0, -0.1, 0, 0])
    assert falls_of([-0.2]) == pytest.approx([-0.2])
    assert growth_of(0.21, 2) == pytest.approx(0.1)
    assert growth_of(0.21, 0.1) is None


@pytest.mark.parametrize("language", ["pt-br", "de", "en"])
def test_forms_work_in_every_language(user: Any, language: str) -> None:
    speaker = Client(headers={"accept-language": language})
    speaker.force_login(user)
    page = sent(speaker, TEXTS, form_values(speaker, TEXTS, lexicon="moon 2.5"))
    assert 'name="positive" value="0.05"' in page.content.decode()
    again = sent(speaker, WORDS, page.context["kept"] | {"text": "to the moon"})
    assert again.context["score"] > 0.5
    sent(speaker, STRATEGY, form_values(speaker, STRATEGY))

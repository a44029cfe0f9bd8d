"""English, Brazilian Portuguese and Spanish: complete catalogues, and who is shown which."""

import re
from pathlib import Path

import pytest
from django.test import Client

from tests.web.catalogues import (
    LOCALES,
    assert_compiled,
    assert_complete,
    assert_nothing_missing,
    makemessages_options,
)

NEW = {"en": "New games", "pt-br": "Novos jogos", "es": "Nuevas jugadas"}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_message_is_translated_with_all_its_placeholders(locale: str) -> None:
    assert_complete("pages", locale, at_least=500)


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_compiled_is_what_is_written(locale: str) -> None:
    assert_compiled("pages", locale)


@pytest.mark.slow
def test_nothing_that_pages_say_is_missing(tmp_path: Path) -> None:
    assert_nothing_missing("pages", makemessages_options(0), tmp_path)


def heading(client: Client, **headers: str) -> tuple[str, str]:
    html = client.get("/games/new/", headers=headers).content.decode()
    return (
        re.search(r'<html lang="([^"]+)"', html)[1],  # type: ignore[index]
        re.search(r"<h1>(.*?)</h1>", html)[1],  # type: ignore[index]
    )


@pytest.mark.django_db
@pytest.mark.parametrize(("asked", "shown"), [("pt-BR,pt;q=0.9", "pt-br"), ("es-MX", "es"),
                                              ("en-GB", "en"), ("de", "en")])  # fmt: skip
def test_the_browsers_language_is_shown_where_there_is_one(
    ana: Client, asked: str, shown: str
) -> None:
    assert heading(ana, **{"accept-language": asked}) == (shown, NEW[shown])


@pytest.mark.django_db
def test_a_chosen_language_stays(ana: Client) -> None:
    answer = ana.post("/language/", {"language": "es", "next": "/games/new/"})
    assert answer.headers["Location"] == "/games/new/"
    assert heading(ana, **{"accept-language": "en"}) == ("es", NEW["es"])
    outside = ana.post("/language/", {"language": "es", "next": "https://example.org/"})
    assert "example.org" not in outside.headers["Location"]


@pytest.mark.django_db
@pytest.mark.parametrize("language", sorted(NEW))
def test_figures_and_refusals_are_in_the_language_too(ana: Client, language: str) -> None:
    form = {"lottery": "mega-sena", "numbers_per_game": "6", "file_format": "csv",
            "min_odd": "5", "max_odd": "3"}  # fmt: skip
    headers = {"accept-language": language}
    html = ana.post("/games/new/check/", form, headers=headers).content.decode()
    told = {"en": "swap them", "pt-br": "troque os dois"}
    assert [words in html for words in told.values()] == [language == one for one in told]


@pytest.mark.django_db
def test_programs_are_answered_in_english(ana: Client) -> None:
    heading(ana, **{"accept-language": "pt-br"})  # which this thread would remember
    answer = ana.get("/api/v1/nothing", headers={"accept-language": "pt-br"})
    assert "There is nothing at this address." in answer.content.decode()
    assert "Content-Language" not in answer.headers

"""English, Brazilian Portuguese and Spanish: complete catalogues, and who is shown which."""

import gettext
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from django.contrib.auth.models import User
from django.test import Client

from tests.support import ROOT, environment

LOCALES = ROOT / "pages" / "locale"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")
NEW = {"en": "New games", "pt-br": "Novos jogos", "es": "Nuevas jugadas"}


def catalogue(locale: str) -> list[Any]:
    with (LOCALES / locale / "LC_MESSAGES" / "django.po").open("rb") as file:
        return [message for message in read_po(file, locale=locale) if message.id]


def forms(text: Any) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


@pytest.mark.parametrize("locale", ["pt_BR", "es"])
def test_every_message_is_translated_with_all_its_placeholders(locale: str) -> None:
    messages = catalogue(locale)
    assert len(messages) > 500
    for message in messages:
        assert not message.fuzzy, f"look at it, and take its mark away: {message.id}"
        assert all(forms(message.string)), f"there is no translation of {message.id}"
        needed = set(PLACEHOLDER.findall(forms(message.id)[-1]))
        for form in forms(message.string):
            assert set(PLACEHOLDER.findall(form)) <= needed, message.id
        assert set(PLACEHOLDER.findall(forms(message.string)[-1])) == needed, message.id


@pytest.mark.parametrize("locale", ["pt_BR", "es"])
def test_what_is_compiled_is_what_is_written(locale: str) -> None:
    with (LOCALES / locale / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in catalogue(locale):
        if message.pluralizable:
            found = compiled.ngettext(*message.id, 1)
        elif message.context:
            found = compiled.pgettext(message.context, message.id)
        else:
            found = compiled.gettext(message.id)
        assert found == forms(message.string)[0], "run `make messages`"


@pytest.mark.slow
def test_nothing_that_pages_say_is_missing(tmp_path: Path) -> None:
    if shutil.which("xgettext") is None:
        pytest.skip("GNU gettext is not installed")
    for name in ("manage.py", "project", "pages", "generation", "ray_services", "workflows",
                 "django_ray_runtime"):  # fmt: skip
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    target = (ROOT / "Makefile").read_text().partition("\nmessages:")[2]
    options = re.search(r"makemessages (.*?) > /dev/null", target, re.DOTALL)[1]  # type: ignore[index]
    command = [
        sys.executable,
        "manage.py",
        "makemessages",
        *shlex.split(options.replace("\\\n", "")),
    ]
    subprocess.run(command, cwd=tmp_path, env=environment(), check=True, capture_output=True)
    for locale in ("pt_BR", "es"):
        with (tmp_path / "pages/locale" / locale / "LC_MESSAGES/django.po").open("rb") as file:
            needed = {(str(one.id), one.context) for one in read_po(file) if one.id}
        written = {(str(one.id), one.context) for one in catalogue(locale)}
        assert needed == written, "run `make messages`, and translate"


@pytest.fixture
def ana(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


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
    told = {"en": "swap them", "pt-br": "5", "es": "5"}[language]
    assert told in html
    assert ("swap them" in html) == (language == "en")


@pytest.mark.django_db
def test_programs_and_the_admin_are_answered_in_english(ana: Client, user: User) -> None:
    heading(ana, **{"accept-language": "pt-br"})  # which this thread would remember
    answer = ana.get("/api/v1/nothing", headers={"accept-language": "pt-br"})
    assert "There is nothing at this address." in answer.content.decode()
    assert "Content-Language" not in answer.headers
    page = Client().get("/admin/login/", headers={"accept-language": "pt-br"}).content.decode()
    assert 'lang="en' in page
    assert "Password" in page

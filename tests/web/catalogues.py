"""What holds for every catalogue of translations, whichever folder it translates."""

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

from tests.support import ROOT, environment

LOCALES = ("pt_BR", "es")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")


def catalogue(folder: str, locale: str, root: Path = ROOT) -> list[Any]:
    """The messages of `folder`, such as "pages", without the header."""
    path = root / folder / "locale" / locale / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        return [message for message in read_po(file, locale=locale) if message.id]


def assert_complete(folder: str, locale: str, at_least: int) -> None:
    """Every message is translated, with all its placeholders."""
    messages = catalogue(folder, locale)
    assert len(messages) > at_least
    for message in messages:
        assert not message.fuzzy, f"look at it, and take its mark away: {message.id}"
        assert all(_forms(message.string)), f"there is no translation of {message.id}"
        needed = set(PLACEHOLDER.findall(_forms(message.id)[-1]))
        for form in _forms(message.string):
            assert set(PLACEHOLDER.findall(form)) <= needed, message.id
        assert set(PLACEHOLDER.findall(_forms(message.string)[-1])) == needed, message.id


def assert_compiled(folder: str, locale: str) -> None:
    """What is compiled is what is written."""
    path = ROOT / folder / "locale" / locale / "LC_MESSAGES" / "django.mo"
    with path.open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in catalogue(folder, locale):
        if message.pluralizable:
            found = compiled.ngettext(*message.id, 1)
        elif message.context:
            found = compiled.pgettext(message.context, message.id)
        else:
            found = compiled.gettext(message.id)
        assert found == _forms(message.string)[0], "run `make messages`"


def assert_nothing_missing(
    folder: str, options: list[str], copied: Path, run_in: str = "."
) -> None:
    """The messages in the sources are those of the catalogue: `makemessages` with `options`
    finds no others, in a copy of the sources."""
    if shutil.which("xgettext") is None:
        pytest.skip("GNU gettext is not installed")
    for name in ("manage.py", "project", "pages", "generation", "ray_services", "workflows",
                 "django_ray_runtime"):  # fmt: skip
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, copied / name)
    command = [sys.executable, copied / "manage.py", "makemessages", *options]
    where = copied / run_in
    subprocess.run(command, cwd=where, env=environment(), check=True, capture_output=True)
    for locale in LOCALES:
        needed = {(str(one.id), one.context) for one in catalogue(folder, locale, copied)}
        written = {(str(one.id), one.context) for one in catalogue(folder, locale)}
        assert needed == written, "run `make messages`, and translate"


def makemessages_options(position: int) -> list[str]:
    """What `make messages` gives `makemessages` when it calls it for the nth time."""
    target = (ROOT / "Makefile").read_text().partition("\nmessages:")[2]
    found = re.findall(r"makemessages (.*?) > /dev/null", target, re.DOTALL)
    return shlex.split(found[position].replace("\\\n", ""))


def _forms(text: Any) -> list[str]:
    return [text] if isinstance(text, str) else list(text)

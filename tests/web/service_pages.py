"""What the tests of the services' pages have in common."""

import re
from datetime import date, timedelta
from math import sin
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

SERVICES = "/services/"
SETS = f"{SERVICES}data-sets/"
MOST_BYTES = 100_000


def form_values(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """What a browser would send of the form at this address, with these changes."""
    form = client.get(address).context["form"]
    values = {field.name: field.value() for field in form if not field.is_hidden}
    for name, value in values.items():
        if value is None:  # a list shows its first choice
            values[name] = next(iter(getattr(form.fields[name], "choices", [[""]])))[0]
    return values | changes


def asked(client: Client, address: str, status: int = 200, **changes: Any) -> str:
    """The page that answers the form; its own defaults where nothing is said."""
    answer = client.post(address, form_values(client, address, **changes))
    assert answer.status_code == status, answer.content
    return checked(answer)


def seen(client: Client, address: str, status: int = 200) -> str:
    """A page."""
    answer = client.get(address)
    assert answer.status_code == status, answer.content
    return checked(answer)


def checked(answer: Any) -> str:
    """Its text, which a strict policy may show, and which is small."""
    html: str = answer.content.decode()
    assert len(answer.content) < MOST_BYTES
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)", html)
    return html


def told_at(html: str, field: str) -> str:
    """The error at a field."""
    found = re.search(rf'id="id_{field}_error">([^<]*)<', html)
    assert found, f"nothing is told at {field}"
    return found[1]


def uploaded(client: Client, kind: str, content: bytes, status: int = 302) -> Any:
    """The answer to an upload."""
    file = SimpleUploadedFile("mine.csv", content)
    answer = client.post(SETS, {"kind": kind, "file": file})
    assert answer.status_code == status, answer.content
    return answer


def prices_of(*tickers: str, days: int = 400) -> bytes:
    """A file of prices that move."""
    first = date(2020, 1, 1)
    rows = [
        f"{first + timedelta(days=day)},{ticker},{price:.4f}"
        for number, ticker in enumerate(tickers)
        for day in range(days)
        for price in [100 + 8 * sin(day * day * (0.7 + 0.1 * number)) + day * 0.02 * number]
    ]
    return ("date,ticker,adj_close\n" + "\n".join(rows)).encode()


def sent(client: Client, address: str, values: dict[str, Any]) -> Any:
    """The page that shows the answer to these values."""
    answer = client.post(address, values)
    assert answer.status_code == 200, answer.context and answer.context["form"].errors
    checked(answer)
    return answer


def charts_of(page: Any) -> list[str]:
    """The titles of its charts."""
    return re.findall(r'class="chart" role="img"[^>]*><title[^>]*>([^<]*)', page.content.decode())

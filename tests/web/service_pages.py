"""What the tests of services' pages have in common."""

import re
from typing import Any

from django.test import Client

MOST_BYTES = 90_000
"""Of a page's HTML."""


def filled(page: Any) -> dict[str, str]:
    """What a browser sends of the form as it is shown."""
    form = page.context["form"]
    found = {}
    for field in form:
        value = field.value()
        if value not in (None, False, ""):
            found[field.html_name] = str(value)
        elif hasattr(field.field, "choices"):
            found[field.html_name] = str(next(iter(field.field.choices))[0])
    return found


def sent(client: Client, address: str, given: dict[str, str]) -> Any:
    """The page that shows the answer."""
    return demand_plain(client.post(address, given))


def demand_plain(page: Any) -> Any:
    """The page: it is there, small, and without what the policy forbids."""
    html = page.content.decode()
    assert page.status_code == 200, page.context and page.context["form"].errors
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=|<style|<script(?![^>]*\ssrc=)", html)
    assert len(page.content) < MOST_BYTES
    return page


def charts_of(page: Any) -> list[str]:
    """The titles of its charts."""
    return re.findall(r'class="chart" role="img"[^>]*><title[^>]*>([^<]*)', page.content.decode())

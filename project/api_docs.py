"""The documentation page of the API."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import Swagger


class Documentation(Swagger):
    """Swagger UI with nothing inline and nothing from elsewhere, as the site's policy wants."""

    def __init__(self) -> None:
        # The validator would send our schema to a foreign site.
        super().__init__({"validatorUrl": None, "tryItOutEnabled": True})

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        options = {**self.settings, "url": self.get_openapi_url(api, kwargs)}
        context = {"api": api, "options": json.dumps(options)}
        return render(request, "project/api_docs.html", context)

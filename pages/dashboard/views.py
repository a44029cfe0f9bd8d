"""The runtime at work: queues, workers, failures; acting on them in place."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from django_ray_runtime.overview import ray_dashboard
from pages.access import staff
from pages.dashboard.acts import ACTS, Act, Told
from pages.dashboard.panels import PANELS, panel

# What the settings may say; nothing listens here.
ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104  # nosec
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@staff
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """The whole page."""
    panels = {name: panel(request, name, request.GET) for name in PANELS}
    context = {"here": "runtime", "panels": panels, "ray": _ray(request)}
    return render(request, "pages/dashboard/dashboard.html", context)


@staff
@require_safe
def now(request: HttpRequest, name: str) -> HttpResponse:
    """A part as it is now; 204 where that is what the browser shows."""
    if name not in PANELS:
        raise Http404
    found = panel(request, name, request.GET)
    if found.seen == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "pages/dashboard/panel.html", {"panel": found})


@staff
@require_POST
def act(request: HttpRequest, name: str) -> HttpResponse:
    """Do it, and show what became of it: in place, or on the page that follows."""
    chosen = ACTS.get(name)
    if chosen is None:
        raise Http404
    of = request.POST.get("of", "")
    in_place = "HX-Request" in request.headers  # the script has asked whether it is meant
    is_meant = in_place or "confirmed" in request.POST
    question = chosen.question(of) if chosen.question and not is_meant else None
    if question is not None:
        context = {"here": "runtime", "question": question, "act": name, "of": of}
        return render(request, "pages/dashboard/confirm.html", context)
    told = chosen.do(request, of)
    return _in_place(request, chosen, told) if in_place else _on_the_page(request, chosen, told)


def _in_place(request: HttpRequest, chosen: Act, told: Told) -> HttpResponse:
    found = panel(request, chosen.panel, request.POST)
    return render(request, "pages/dashboard/panel.html", {"panel": found, "told": told})


def _on_the_page(request: HttpRequest, chosen: Act, told: Told) -> HttpResponse:
    level = {"success": messages.SUCCESS, "info": messages.INFO, "warning": messages.WARNING}
    messages.add_message(request, level.get(told.level, messages.ERROR), told.text)
    return redirect(f"{reverse('pages:dashboard')}#{chosen.panel}")


def _ray(request: HttpRequest) -> dict[str, object] | None:
    """Where Ray's dashboard is, and whether the reader's browser can reach it."""
    found = ray_dashboard()
    if found is None:
        return None
    host, port = found
    here = request.get_host().rsplit(":", 1)[0].strip("[]")
    shown = here if host in ANYWHERE else host
    named = f"[{shown}]" if ":" in shown else shown
    reachable = host not in LOOPBACK or here in LOOPBACK
    return {"url": f"http://{named}:{port}/", "reachable": reachable, "at": f"{host}:{port}"}

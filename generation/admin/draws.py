"""The admin of official draws: to look at, and to import from a file."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from django_ray_runtime.admin.words import grouped
from django_ray_runtime.rest.audit import audit
from generation.admin.filters import LotteryFilter
from generation.admin.job_cells import lottery_name
from generation.admin.pages import Fieldsets, form_page
from generation.archive import DrawsDiffer, Imported, ImportsMet, store_draws
from generation.draws import DrawRow, read_draws
from generation.lotteries import LOTTERIES, Lottery, get_lottery
from generation.models import Draw

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Draw]
else:
    _ModelAdmin = admin.ModelAdmin

NAME_LENGTH = 80  # bytes of the file's name, its end


class ImportForm(forms.Form):
    """A file of draws. Once valid, `rows` are what it holds."""

    lottery = forms.ChoiceField(
        label=_("Lottery"), choices=[(key, one.name) for key, one in LOTTERIES.items()]
    )
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "As the operator publishes it (CSV or XLSX with Concurso, Data do Sorteio, "
            "Bola1, …), or a CSV of draw,date,n1,… with dates as YYYY-MM-DD."
        ),
    )
    replace = forms.BooleanField(
        required=False,
        label=_("Replace"),
        help_text=_("Replace draws that are stored with other numbers or dates."),
    )

    rows: list[DrawRow]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                self.rows = _read(data["file"], get_lottery(data["lottery"]))
            except (ValueError, OSError) as error:
                self.add_error("file", str(error))
        return data


def _read(upload: "UploadedFile[Any]", lottery: Lottery) -> list[DrawRow]:
    """The draws of an uploaded file, under its own name, which messages tell."""
    with TemporaryDirectory(prefix="draws-") as folder:
        name = (upload.name or "draws").encode()[-NAME_LENGTH:].decode(errors="ignore")
        place = Path(folder) / name
        with place.open("wb") as file:
            for piece in upload.chunks():
                file.write(piece)
        return read_draws(place, lottery)


@admin.register(Draw)
class DrawAdmin(_ModelAdmin):
    """Draws are not edited by hand: a corrected file replaces them."""

    list_display = ("number", "of_lottery", "date", "drawn", "second")
    fields = readonly_fields = ("of_lottery", "number", "date", "drawn", "second")
    list_filter = (LotteryFilter,)
    search_fields = ("number",)
    search_help_text = _("The number of a draw.")
    date_hierarchy = "date"
    ordering = ("-date", "lottery", "-number")
    list_per_page = 100
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "generation/admin/draw_list.html"

    class Media:
        css = {"all": ["django_ray_runtime/admin.css", "generation/admin.css"]}

    @admin.display(description=_("lottery"), ordering="lottery")
    def of_lottery(self, draw: Draw) -> str:
        return lottery_name(draw.lottery)

    @admin.display(description=_("numbers"))
    def drawn(self, draw: Draw) -> str:
        return ", ".join(map(str, draw.numbers))

    @admin.display(description=_("second group"))
    def second(self, draw: Draw) -> str:
        return ", ".join(map(str, draw.second_numbers))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def may_import(self, request: HttpRequest) -> bool:
        return request.user.has_perm("generation.add_draw")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name="generation_draw_import"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        is_number = term.isascii() and term.isdecimal() and len(term) < 10
        return (queryset.filter(number=int(term)) if is_number else queryset.none()), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        ours = {"title": gettext("Draws"), "may_import": self.may_import(request)}
        return super().changelist_view(request, ours | (extra_context or {}))

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Store the draws of a file, all or none."""
        if not self.may_import(request):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        if not request.user.has_perm("generation.change_draw"):
            form.fields["replace"].disabled = True
        if request.method == "POST" and form.is_valid() and self._store(request, form):
            return self._to_list(request)
        fieldsets: Fieldsets = [(None, {"fields": list(form.fields)})]
        title = gettext("Import draws")
        return form_page(self, request, "import_draws", form, fieldsets, title=title)

    def _store(self, request: HttpRequest, form: ImportForm) -> bool:
        """Whether they are stored now; if not, the form says why."""
        lottery, replace = get_lottery(form.cleaned_data["lottery"]), form.cleaned_data["replace"]
        try:
            with transaction.atomic():
                done = store_draws(lottery, form.rows, replace=replace)
                _record(request, lottery, done)
        except DrawsDiffer as error:
            differ = str(error).partition(";")[0]
            told = gettext("%(differ)s; correct the file, or tick Replace.")
            form.add_error("replace", told % {"differ": differ})
            return False
        except ImportsMet as error:
            form.add_error(None, str(error))
            return False
        messages.success(request, _told(lottery, done))
        return True

    def _to_list(self, request: HttpRequest) -> HttpResponseRedirect:
        may_look = self.has_view_permission(request)
        name = "generation_draw_changelist" if may_look else "index"
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:{name}"))


def _told(lottery: Lottery, done: Imported) -> str:
    told = gettext(
        "%(lottery)s: %(added)s draws added, %(replaced)s replaced, %(same)s were there."
    )
    return told % {
        "lottery": lottery.name,
        "added": grouped(done.added),
        "replaced": grouped(done.replaced),
        "same": grouped(done.same),
    }


def _record(request: HttpRequest, lottery: Lottery, done: Imported) -> None:
    """One entry for the file: of the latest draw, on whose page it is found. In English, as all
    that is stored."""
    latest = Draw.objects.filter(lottery=lottery.key)[:1]
    with override("en"):
        told = f"Imported. {_told(lottery, done)}"
    LogEntry.objects.log_actions(int(request.user.pk or 0), latest, ADDITION, told)
    audit(request, "import", "draws", lottery.key)

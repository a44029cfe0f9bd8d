"""Links that show jobs to others, for staff who have to end one."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_ray_runtime.admin.naming import call
from django_ray_runtime.rest.audit import audit
from pages.models import ShareLink

call(
    ShareLink,
    _("share link"),
    _("share links"),
    {
        "job": _("job"),
        "created_at": _("created at"),
        "expires_at": _("expires at"),
        "revoked_at": _("revoked at"),
    },
    {},
)


@admin.register(ShareLink)
class ShareLinkAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Read only, but for revoking: only a job's owner makes links, and nobody sees another's."""

    list_display = ["job", "created_at", "expires_at", "revoked_at"]
    list_filter = ["revoked_at", "expires_at"]
    search_fields = ["job__owner__username"]
    list_select_related = ["job"]
    fields = ("job", "created_at", "expires_at", "revoked_at")
    readonly_fields = ("job", "created_at", "expires_at", "revoked_at")
    actions = ["revoke"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ShareLink | None = None) -> bool:
        return False

    @admin.action(description=_("Revoke the selected links"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ShareLink]) -> None:
        for link in queryset.filter(revoked_at__isnull=True):
            ShareLink.objects.filter(pk=link.pk).update(revoked_at=timezone.now())
            audit(request, "revoke", "share_link", link.pk)

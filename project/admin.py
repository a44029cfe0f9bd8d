"""Tokens and the record of changes in admin."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import ForeignKey, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ray_runtime.admin.naming import call
from django_ray_runtime.rest.audit import audit
from project.models import ApiToken, AuditEntry

call(
    ApiToken,
    _("API token"),
    _("API tokens"),
    {
        "user": _("user"),
        "name": _("name"),
        "hint": _("hint"),
        "created_at": _("created at"),
        "last_used_at": _("last used at"),
        "expires_at": _("expires at"),
        "revoked_at": _("revoked at"),
    },
    {
        "name": _("What it is for."),
        "hint": _("Its first characters."),
        "last_used_at": _("To the minute."),
        "expires_at": _("Empty: never."),
    },
)
call(
    AuditEntry,
    _("audit entry"),
    _("audit entries"),
    {
        "at": _("at"),
        "user": _("user"),
        "token": _("token"),
        "action": _("action"),
        "kind": _("kind"),
        "object_id": _("object id"),
        "address": _("address"),
    },
    {
        "token": _("First characters of the token used; empty: logged in."),
        "action": _("Such as cancel."),
        "kind": _("Kind of object, such as task."),
    },
)


class Recorded(admin.ModelAdmin):  # type: ignore[type-arg]
    """What Django's own pages do stands in the record of changes too, not in the admin's alone."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        audit(request, "create", obj._meta.model_name, obj.pk)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        audit(request, "change", obj._meta.model_name, obj.pk)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            audit(request, "delete", obj._meta.model_name, obj.pk)
        return super().log_deletions(request, queryset)


admin.site.unregister([User, Group])


@admin.register(User)
class Users(Recorded, UserAdmin):  # type: ignore[type-arg]
    """Django's own, but that nobody gives what they have not, nor takes over who has more."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        if request.user.is_superuser:
            return fields
        return (*fields, "is_staff", "is_superuser", "groups", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_no_less(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_no_less(request, obj) and super().has_delete_permission(request, obj)


def _is_no_less(request: HttpRequest, user: Any) -> bool:
    more = user is not None and (user.is_staff or user.is_superuser)
    return request.user.is_superuser or not more or user == request.user


@admin.register(Group)
class Groups(Recorded, GroupAdmin):
    """Django's own, for superusers: whoever changes a group gives its members permissions."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A token is shown once, when it is made; later it can only be revoked."""

    list_display = [
        "hint",
        "name",
        "user",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    ]
    list_filter = ["revoked_at", "expires_at"]
    search_fields = ["name", "hint", "user__username"]
    list_select_related = ["user"]
    actions = ["revoke"]

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        if obj is None:
            return ["user", "name", "expires_at"]
        return ["user", "name", "hint", "created_at", "last_used_at", "expires_at", "revoked_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        return self.get_fields(request, obj) if obj else []

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        """Whoever makes a token for another user can act as that user: superusers only."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and not request.user.is_superuser:
            field.queryset = get_user_model()._default_manager.filter(pk__in=[request.user.pk])
        return field

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        if change:
            return
        text = obj.draw()
        super().save_model(request, obj, form, change)
        audit(request, "create", "api_token", obj.pk)
        told = gettext("Copy the token now, it is not shown again: %(token)s")
        messages.warning(request, told % {"token": text})

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Revoked tokens stay, so that it can be seen whose a leaked one was; their user's
        deletion takes them along."""
        match = request.resolver_match
        on_own_pages = match is not None and (match.url_name or "").startswith("project_apitoken")
        return not on_own_pages and super().has_delete_permission(request, obj)

    @admin.action(description=_("Revoke the selected tokens"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        revoked = 0
        for token in queryset.filter(revoked_at__isnull=True):
            revoked += ApiToken.objects.filter(pk=token.pk).revoke()
            audit(request, "revoke", "api_token", token.pk)
        told = gettext("Revoked: %(n)s. They are refused from now on.")
        messages.success(request, told % {"n": revoked})


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Read only, for superusers too."""

    list_display = ["at", "user", "token", "action", "kind", "object_id", "address"]
    list_filter = ["action", "kind"]
    search_fields = ["object_id", "user__username", "token", "address"]
    list_select_related = ["user"]
    date_hierarchy = "at"
    ordering = ["-id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

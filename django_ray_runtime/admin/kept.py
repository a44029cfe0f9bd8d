"""What all pages of the queue's admin have in common."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class KeptByTheQueue(_ModelAdmin):
    """Of rows that only the queue adds, and only it deletes."""

    class Media:
        css = {"all": ["django_ray_runtime/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

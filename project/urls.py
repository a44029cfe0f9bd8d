"""No pages yet: the doors so far are the management commands."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

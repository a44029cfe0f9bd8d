"""Every address of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from django_ray_runtime.views import metrics
from project.api import api
from project.auth import signed_in_only
from project.health import healthz, readyz

# Here and not at start-up: workers never need the admin modules.
admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", signed_in_only(metrics), name="metrics"),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("", include("pages.urls")),
]

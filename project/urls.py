"""Every address of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path

from project.api import api
from project.health import healthz, readyz

# Here and not at start-up: workers never need the admin modules.
admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    # metrics: django_ray_runtime.metrics, mounted here
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
]

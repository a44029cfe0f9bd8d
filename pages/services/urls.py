"""Addresses of the services' pages."""

from django.urls import path

from pages.services import (
    calculations,
    garch,
    intraday,
    portfolio,
    sentiment,
    uploads,
    views,
)

urlpatterns = [
    path("", views.services, name="services"),
    *calculations.urlpatterns,
    *uploads.urlpatterns,
    *garch.urlpatterns,
    *portfolio.urlpatterns,
    *sentiment.urlpatterns,
    *intraday.urlpatterns,
]

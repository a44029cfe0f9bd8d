"""Addresses of the services' pages."""

from django.urls import path

from pages.services import calculations, intraday, sentiment, uploads, views

urlpatterns = [
    path("", views.services, name="services"),
    *calculations.urlpatterns,
    *uploads.urlpatterns,
    *sentiment.urlpatterns,
    *intraday.urlpatterns,
]

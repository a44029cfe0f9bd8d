"""Addresses of the services' pages."""

from django.urls import path

from pages.services import views

urlpatterns = [path("", views.services, name="services")]

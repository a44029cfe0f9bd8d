"""Addresses of the dashboard."""

from django.urls import path

from pages.dashboard import views

urlpatterns = [path("", views.dashboard, name="dashboard")]

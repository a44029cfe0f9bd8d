"""Addresses of the dashboard."""

from django.urls import path

from pages.dashboard import views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("now/<str:name>/", views.now, name="dashboard_now"),
    path("do/<str:name>/", views.act, name="dashboard_act"),
]

from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "ray_services"
    verbose_name = "Analytic services"

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DjangoRayRuntimeConfig(AppConfig):
    name = "django_ray_runtime"
    verbose_name = _("Ray runtime")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django_ray_runtime import checks  # noqa: F401  (registers the system checks)

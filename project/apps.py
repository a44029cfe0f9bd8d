from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectConfig(AppConfig):
    name = "project"
    verbose_name = _("Access")

    def ready(self) -> None:
        from project import audit, logins  # noqa: F401  (both listen to signals)

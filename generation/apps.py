from django.apps import AppConfig


class GenerationConfig(AppConfig):
    name = "generation"
    verbose_name = "Lottery games"
    default_auto_field = "django.db.models.BigAutoField"

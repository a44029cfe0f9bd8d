"""What a model and its fields are called on pages of the admin, in the reader's language.

Set from the admin, not in models: migrations and whoever else uses them know nothing of it.
"""

from collections.abc import Mapping
from typing import Any


def call(
    model: Any, one: Any, many: Any, labels: Mapping[str, Any], helps: Mapping[str, Any]
) -> None:
    """Give the model, and those of its fields that are named, texts that follow the language."""
    model._meta.verbose_name, model._meta.verbose_name_plural = one, many
    for name, label in labels.items():
        model._meta.get_field(name).verbose_name = label
    for name, told in helps.items():
        model._meta.get_field(name).help_text = told

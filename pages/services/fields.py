"""Fields that several services ask for."""

from typing import Any

from django import forms


def day_field(label: Any) -> forms.DateField:
    """A day, or none; browsers show a calendar."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(required=False, label=label, widget=widget)

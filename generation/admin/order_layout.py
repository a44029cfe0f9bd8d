"""The form of an order as the admin lays it out."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from generation.admin.pages import Fieldsets
from generation.forms.order import OrderForm

FIELDSETS: Fieldsets = [
    (_("What to make"), {
        "fields": [
            "lottery", ("quantity", "budget"), ("numbers_per_game", "second_numbers_per_game"),
            "file_format",
        ],
    }),
    (_("Which numbers"), {"fields": ["fixed_numbers", "allowed_numbers", "excluded_numbers"]}),
    (_("How many of a kind"), {
        "fields": [
            ("min_odd", "max_odd"), ("min_even", "max_even"), ("min_primes", "max_primes"),
            ("min_fibonacci", "max_fibonacci"), ("min_multiples_of_3", "max_multiples_of_3"),
        ],
        "description": _(
            "How many numbers of a game are of the kind. Leave a bound empty for none."
            " Fibonacci numbers are 1, 2, 3, 5, 8, 13, 21, 34, 55, …"
        ),
    }),
    (_("Sum, neighbours and ticket"), {
        "fields": [
            ("min_sum", "max_sum"), "max_run",
            ("max_per_decade", "max_per_row", "max_per_column"),
        ],
    }),
    (_("Official draws"), {
        "fields": [
            "reference_draw", ("min_repeats", "max_repeats"),
            ("exclude_past", "exclude_past_from"),
        ],
        "description": _(
            "Repeats are numbers of the reference draw that a game has. Stored draws are"
            " imported under Draws."
        ),
    }),
    (_("Between any two games"), {
        "fields": [("min_repetition", "max_repetition")],
        "description": _("How many numbers any two games of this job share."),
    }),
    (_("Repeating it"), {"fields": ["seed"]}),
]  # fmt: skip
"""The fields in their order, as the admin groups them."""


class AdminOrderForm(OrderForm):
    """With the admin's own style."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("fixed_numbers", "allowed_numbers", "excluded_numbers", "reference_draw"):
            self.fields[name].widget.attrs["class"] = "vTextField"

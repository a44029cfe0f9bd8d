"""What is said of a value of the wrong type or size, by pydantic's type of the error."""

from django.utils.translation import gettext_lazy as _

_WHOLE = _("Give a whole number.")
_NUMBER = _("Give a number, such as 1.5.")
_DATE = _("Give a date such as 2023-01-31.")
_MOMENT = _("Give a date and time such as 2023-01-31 15:55.")
_TIME = _("Give a time such as 15:55.")
_TEXT = _("Give a text.")
_TRUTH = _("Give yes or no.")
_LIST = _("Give a list.")
_NAMES = _("Give names with their values.")
_CHOICE = _("Choose one of these: %(expected)s.")

OF_TYPES = {
    "missing": _("This is needed."),
    "extra_forbidden": _("There is nothing of this name here."),
    "greater_than": _("Give a number above %(gt)s."),
    "greater_than_equal": _("Give a number of at least %(ge)s."),
    "less_than": _("Give a number below %(lt)s."),
    "less_than_equal": _("Give a number of at most %(le)s."),
    "multiple_of": _("Give a multiple of %(multiple_of)s."),
    "finite_number": _("Give a finite number."),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _TRUTH),
    **dict.fromkeys(
        (
            "date_type",
            "date_parsing",
            "date_from_datetime_parsing",
            "date_from_datetime_inexact",
        ),
        _DATE,
    ),
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_from_date_parsing"), _MOMENT
    ),
    **dict.fromkeys(("time_type", "time_parsing"), _TIME),
    **dict.fromkeys(("string_type", "string_sub_type", "string_unicode"), _TEXT),
    "string_too_short": _("It is too short: give at least %(min_length)s characters."),
    "string_too_long": _("It is too long: up to %(max_length)s characters are taken."),
    "string_pattern_mismatch": _("It has to look like %(pattern)s."),
    "too_short": _("Give at least %(min_length)s, not %(actual_length)s."),
    "too_long": _("Give up to %(max_length)s, not %(actual_length)s."),
    **dict.fromkeys(("literal_error", "enum"), _CHOICE),
    **dict.fromkeys(("list_type", "tuple_type", "set_type"), _LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), _NAMES),
}  # fmt: skip

"""What is wrong with what a caller gave."""


class BadInput(ValueError):
    """Input that cannot be used: the message says what was expected, what came and what to do.

    `field` names the column or parameter, `row` the first row it was found in (from 1, without
    the header), `remedy` what to do; each may be missing.
    """

    def __init__(
        self, message: str, *, field: str = "", row: int | None = None, remedy: str = ""
    ) -> None:
        place = f"row {row}, {field}" if row is not None and field else field
        if row is not None and not field:
            place = f"row {row}"
        parts = [f"{place}: {message}" if place else message, remedy]
        super().__init__(" ".join(part for part in parts if part))
        self.message = message
        self.field = field
        self.row = row
        self.remedy = remedy


class LibraryMissing(RuntimeError):
    """What was asked for needs a library that is not installed; the message names it."""

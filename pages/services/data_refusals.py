"""What is said of data: uploads that cannot be read, and rows that cannot be used.

Each is the services' text, with `<name>` for what changes and `…` for what may be left out, and
the words for it. The more exact ones come first.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_NUMBER_OR_NOTHING = "a finite number, or nothing"
_DATE = "a date such as 2023-09-20 or 9/20/2023"
_MOMENT = "a time such as 2023-09-20 11:05 or 9/20/2023 11:05"

_FILES: list[tuple[str, Promise]] = [
    (
        "<file> lacks <lacking>; it has . Give it the columns <wanted>, in any order.",
        _("%(file)s has no columns. Give it %(wanted)s, in any order."),
    ),
    (
        "<file> lacks <lacking>; it has <has>. Give it the columns <wanted>, in any order.",
        _("%(file)s lacks the column %(lacking)s; it has %(has)s. Give it the columns %(wanted)s, "
          "in any order."),
    ),
    (
        "<file> has two columns of this name. Rename one of them.",
        _("%(file)s has two columns of this name: rename one of them."),
    ),
    (
        "<file> has <bytes> bytes; up to <most> are taken.…",
        _("%(file)s has %(bytes)s bytes, and up to %(most)s are taken: send fewer rows or columns, "
          "or Parquet."),
    ),
    (
        "The body has <bytes> bytes; at most <most> are accepted.",
        _("What was sent has %(bytes)s bytes, and at most %(most)s are accepted."),
    ),
    (
        "<file> begins as Parquet but is not: <error>.",
        _("%(file)s begins as Parquet but is not: %(error)s."),
    ),
    (
        "<file> has <got> values where its header has <wanted>: <text>. Give every row…",
        _("%(file)s has %(got)s values where its header has %(wanted)s: %(text)s. Give every row "
          "as many values as the header, also empty ones."),
    ),
    ("<file> is no CSV in UTF-8: <error>.", _("%(file)s is no CSV in UTF-8: %(error)s.")),
    (
        "<file> has a line that is no JSON: <error>.",
        _("%(file)s has a line that is no JSON: %(error)s."),
    ),
    (
        'expected an object such as {"text": "…"}, got <got>.',
        _('An object such as {"text": "…"} is needed, not %(got)s.'),
    ),
    ("<file> has no rows. Give at least one.", _("%(file)s has no rows: give at least one.")),
    (
        "you have <most> data sets, as many as are kept. Delete one first.",
        _("You have %(most)s data sets, as many as are kept: delete one first."),
    ),
    (
        "there is no data set <sha256> of yours of the kind <kind>. Upload…",
        _("This data set of yours is gone: upload it again, or choose another one."),
    ),
]  # fmt: skip

_VALUES: list[tuple[str, Promise]] = [
    *(
        (f"expected {what} in each row; {has} <type>.", words)
        for has in ("its type is", "it has")
        for what, words in (
            (
                _NUMBER_OR_NOTHING,
                _("A number or nothing is needed in each row, and they are of the type %(type)s."),
            ),
            (_DATE, _("A date is needed in each row, and they are of the type %(type)s.")),
            (_MOMENT, _("A time is needed in each row, and they are of the type %(type)s.")),
            ("a text", _("A text is needed in each row, and they are of the type %(type)s.")),
        )
    ),
    (
        f"expected {_NUMBER_OR_NOTHING}, got <got>.",
        _("A number or nothing is needed; got %(got)s."),
    ),
    (
        f"expected {_DATE}, got <got>.",
        _("A date such as 2023-09-20 or 9/20/2023 is needed; got %(got)s."),
    ),
    (
        f"expected {_MOMENT}, got <got>.",
        _("A time such as 2023-09-20 11:05 or 9/20/2023 11:05 is needed; got %(got)s."),
    ),
    (
        "expected a date such as 2023-09-20, got <got>. Give every text a date, or none.",
        _("A date such as 2023-09-20 is needed, got %(got)s: give every text a date, or none."),
    ),
    ("expected a date, got nothing.…", _("A date is missing.")),
    ("expected a time, got nothing.", _("A time is missing.")),
    ("expected a ticker, got nothing.…", _("A ticker is missing.")),
    (
        "expected a text, got <got>. Leave out rows without a text.",
        _("A text is needed, not %(got)s: leave out rows without a text."),
    ),
    (
        "expected up to <most> characters, got <got>. Cut it into sentences or paragraphs.",
        _("Up to %(most)s characters are taken, got %(got)s: cut it into sentences or paragraphs."),
    ),
    ("expected a positive number, got <got>.", _("A number above 0 is needed, not %(got)s.")),
    ("expected a price above 0, got <got>.", _("A price above 0 is needed, not %(got)s.")),
    (
        "expected a finite number above 0, got <got>. Correct the bar…",
        _("A number above 0 is needed, not %(got)s: correct the bar or leave it out; gaps are "
          "fine."),
    ),
    (
        "expected a finite number of at least 0, got <got>. Correct the bar…",
        _("A number of at least 0 is needed, not %(got)s: correct the bar or leave it out; gaps "
          "are fine."),
    ),
    (
        "expected a count of 0, or from <least> to <most>, or nothing, got <got>. Correct the row.",
        _("A count of 0, or from %(least)s to %(most)s, or nothing is needed, not %(got)s."),
    ),
    (
        "expected a sentiment from -1 to 1, or nothing, got <got>. Scale it…",
        _("A sentiment from -1 to 1, or nothing, is needed, not %(got)s: scale it, or leave it "
          "empty."),
    ),
    (
        "expected a fraction, got <got>. Divide per cent by 100.",
        _("A fraction is needed, not %(got)s: divide per cent by 100."),
    ),
    ("expected a finite number, got <got>.", _("A finite number is needed, not %(got)s.")),
    ("expected a finite return, got <got>. Leave…", _("A finite return is needed, not %(got)s: "
     "leave out the days or the ticker that lack data.")),
    ("expected a positive price, got <got>. Leave…", _("A price above 0 is needed, not %(got)s: "
     "leave out the days or the ticker that lack data.")),
]  # fmt: skip

_ROWS: list[tuple[str, Promise]] = [
    (
        "expected a day from <first> to <last>, got <got>. Correct the row.",
        _("A day from %(first)s to %(last)s is needed, not %(got)s."),
    ),
    (
        "<ticker> has a second row for <day>. Keep one row for each day and ticker.",
        _("%(ticker)s has a second row for %(day)s: keep one for each day and ticker."),
    ),
    (
        "<ticker> has <day> a second time. Keep one row for each ticker and day.",
        _("%(ticker)s has a second row for %(day)s: keep one for each day and ticker."),
    ),
    (
        "<day> comes twice. Sort the rows by date and keep one of each.",
        _("%(day)s comes twice: sort the rows by date and keep one of each."),
    ),
    (
        "<day> comes after <before>. Sort the rows by date and keep one of each.",
        _("%(day)s comes after %(before)s: sort the rows by date and keep one of each."),
    ),
    (
        "expected each time once, got <got> again. Leave out one of the two bars.",
        _("%(got)s comes twice: leave out one of the two bars."),
    ),
    (
        "expected each day once, got <got> again. Leave out one of the two.",
        _("%(got)s comes twice: leave out one of the two."),
    ),
    (
        "expected one row for each month. Drop the others.",
        _("One row is needed for each month: drop the others."),
    ),
    ("expected at least one row of prices.", _("At least one row of prices is needed.")),
    (
        "expected prices of at least two days, got 1. A return needs two closes.",
        _("Prices of at least two days are needed, got one: a return needs two closes."),
    ),
    ("expected at least 2 bars, got <got>.", _("At least 2 bars are needed, got %(got)s.")),
    ("expected at least 2 prices, got <got>.", _("At least 2 prices are needed, got %(got)s.")),
    (
        "expected closes that change, got <close> in all <count>. Send another period…",
        _("All %(count)s closes are %(close)s, of which nothing can be computed: send another "
          "period or asset."),
    ),
    (
        "expected up to <most> tickers, got <got>.…",
        _("Up to %(most)s tickers are taken, got %(got)s: give fewer at a time."),
    ),
    (
        "the data set's texts have no dates. Upload texts with a column or field `date`.",
        _("The texts of this data set have no dates: upload texts with a column or field “date”."),
    ),
]  # fmt: skip

OF_DATA = [*_FILES, *_VALUES, *_ROWS]

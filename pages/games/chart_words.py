"""How the charts of games speak: `generation.charts` knows no Django, so its words stand here."""

from django.utils.translation import gettext, gettext_noop

from generation.charts import Voice
from pages.templatetags.shown import grouped

SAID = frozenset({
    gettext_noop("Games that hold each number"),
    gettext_noop("number"),
    gettext_noop("Games that hold each number of the second group"),
    gettext_noop("Odd numbers of a game"),
    gettext_noop("odd numbers"),
    gettext_noop("Sum of a game's numbers"),
    gettext_noop("sum"),
    gettext_noop("Numbers that games share with the first"),
    gettext_noop("numbers shared"),
    gettext_noop(" (%(n)s to a bar, their average)"),
    gettext_noop("column:digit"),
    gettext_noop("No games."),
    gettext_noop("%(n)s bars from %(axis)s %(first)s to %(last)s; the tallest is %(it)s."),
    gettext_noop("%(from)s to %(to)s"),
    gettext_noop("%(where)s: %(n)s games"),
    gettext_noop(", %(n)s expected"),
    gettext_noop("this job"),
    gettext_noop("expected of as many games drawn blindly"),
})  # fmt: skip
"""All that charts say, for the catalogues of translations."""


def voice() -> Voice:
    """In the reader's language."""
    return Voice(gettext, lambda value, digits=0: grouped(float(value), digits))

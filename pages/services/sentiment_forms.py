"""What the sentiment pages ask for, as people fill it in."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pages.services.asking import QuestionForm
from pages.templatetags.shown import grouped
from ray_services import own_data
from ray_services.sentiment_analyzer.bodies import LONGEST_TEXT, MOST_TEXTS

EXAMPLE = (
    "$AAPL looks GREAT this quarter, and the margin is excellent!!",
    "Terrible guidance from $F, I am really worried :(",
    "The annual report of $IBM has ninety pages.",
    "$TSLA is not bad, but the outlook got much worse",
    "Love the new chips of $NVDA, customers are happy",
    "The dividend of $C is at risk and debt is a problem...",
    "$MSFT: the meeting is on Tuesday",
    "Very strong results at $JPM, the team is confident :)",
    "So disappointed by $BA, another delay",
    "$PG is safe, hardly exciting, but I am glad I waited",
    "Awful news for $INTC!",
    "$GE: kind of ok",
)
"""What the form is filled in with, a text on each line."""
BUILT_IN = "built-in"
EXAMPLE_TEXTS = 2_000
"""Of the service's own texts: what is scored at once."""
MOST_CHARACTERS = 1_000_000
"""Of all texts that are typed; more go in as a file."""


class WordsForm(QuestionForm):
    """By what texts are scored; also what an explanation is asked with."""

    service = "sentiment-analyzer"

    finance = forms.BooleanField(
        required=False,
        label=gettext_lazy("Words of finance, too"),
        help_text=gettext_lazy("Such as bullish, downgrade or default."),
    )
    lexicon = forms.CharField(
        required=False,
        max_length=20_000,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=gettext_lazy("Words of your own, one on each line"),
        help_text=gettext_lazy("A word and its value from -4 to 4: moon 3"),
    )
    positive = forms.FloatField(
        initial=0.05,
        min_value=-1,
        max_value=1,
        label=gettext_lazy("Positive from this score on"),
    )
    negative = forms.FloatField(
        initial=-0.05,
        min_value=-1,
        max_value=1,
        label=gettext_lazy("Negative up to this score"),
    )

    def clean_lexicon(self) -> dict[str, float]:
        """Values by word."""
        found = {}
        for number, line in enumerate(self.cleaned_data["lexicon"].splitlines(), start=1):
            if not line.strip():
                continue
            word, _space, value = line.strip().replace(":", " ").rpartition(" ")
            try:
                found[word.strip()] = float(value.replace(",", "."))
            except ValueError:
                word = ""
            if not word:
                told = _(
                    "Line %(n)s: expected a word and a number, such as “moon 3”, got “%(got)s”."
                )
                raise forms.ValidationError(told % {"n": number, "got": line.strip()[:60]})
        return found

    def words_given(self) -> dict[str, Any]:
        """Of a valid form, as bodies have it."""
        names = ("finance", "lexicon", "positive", "negative")
        return {name: self.cleaned_data[name] for name in names}


class TextsForm(WordsForm):
    """Texts that are typed, one on each line, those of an example, or a data set of texts."""

    source = forms.ChoiceField(required=False, label=gettext_lazy("Which texts"))
    texts = forms.CharField(
        required=False,
        max_length=MOST_CHARACTERS,
        strip=False,
        initial="\n".join(EXAMPLE),
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
        label=gettext_lazy("Texts, one on each line"),
        help_text=gettext_lazy("Short and in English: that is what the lexicon is made for."),
    )
    kinds = {"source": ("texts",)}
    places = {"data": "source"}

    def __init__(self, data: Any = None, *, owner: str, **kwargs: Any) -> None:
        super().__init__(data, owner=owner, **kwargs)
        example = _("The first %(n)s built-in texts") % {"n": grouped(EXAMPLE_TEXTS)}
        field: Any = self.fields["source"]
        [_built_in, *own] = field.choices
        field.choices = [("", _("Those below")), (BUILT_IN, example), *own]

    def clean_texts(self) -> list[str]:
        """Lines with something in them."""
        lines = [line.strip() for line in self.cleaned_data["texts"].splitlines()]
        found = [line for line in lines if line]
        if len(found) > MOST_TEXTS:
            told = _("Expected up to %(most)s texts, got %(got)s; upload them as a file instead.")
            raise forms.ValidationError(
                told % {"most": grouped(MOST_TEXTS), "got": grouped(len(found))}
            )
        longest = max(map(len, found), default=0)
        if longest > LONGEST_TEXT:
            told = _("Expected up to %(most)s characters on a line, got %(got)s.")
            raise forms.ValidationError(
                told % {"most": grouped(LONGEST_TEXT), "got": grouped(longest)}
            )
        return found

    def clean(self) -> None:
        """Whether there is anything to score."""
        values = self.cleaned_data
        if values.get("source") == "" and values.get("texts") == []:
            self.add_error("texts", _("Type or paste some texts, or choose others above."))

    def question(self) -> tuple[str, dict[str, Any]]:
        return "analyze-sentiment", self._source() | self.words_given()

    def _source(self) -> dict[str, Any]:
        chosen = self.cleaned_data["source"]
        if chosen == BUILT_IN:
            return {"texts": own_data.texts().texts[:EXAMPLE_TEXTS]}
        return {"data": chosen} if chosen else {"texts": self.cleaned_data["texts"]}


class ExplainForm(WordsForm):
    """One text, of which each word is looked at."""

    text = forms.CharField(
        max_length=LONGEST_TEXT,
        initial="The margin is not very GOOD, but the team is really confident :)",
        widget=forms.Textarea(attrs={"rows": 3}),
        label=gettext_lazy("Text"),
    )
    places = {"texts": "text"}

    def question(self) -> tuple[str, dict[str, Any]]:
        return "explain-sentiment", {"texts": [self.cleaned_data["text"]], **self.words_given()}

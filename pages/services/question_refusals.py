"""What is said of a question that a service cannot answer; written as `data_refusals` is."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pages.services.portfolio_refusals import OF_PORTFOLIOS

_TICKERS: list[tuple[str, Promise]] = [
    (
        "<ticker> is not among the <count> tickers with prices. There are <near>.",
        _("%(ticker)s is not among the %(count)s tickers with prices. There are, for example, "
          "%(near)s."),
    ),
    (
        "expected a ticker of the data, got <ticker>. Did you mean <either>?",
        _("%(ticker)s is not among the tickers of the data. Did you mean %(either)s?"),
    ),
    (
        "expected a ticker of the data, got <ticker>. There are <count>, from <first> to <last>.",
        _("%(ticker)s is not among the tickers of the data: there are %(count)s, from %(first)s "
          "to %(last)s."),
    ),
    (
        "expected a ticker of the data, got <ticker>. The data holds none.",
        _("%(ticker)s is not among the tickers of the data, which holds none."),
    ),
    (
        "expected at least one asset, got none. Name a ticker, or give prices of your own.",
        _("Name a ticker, or give prices of your own."),
    ),
    (
        "<ticker> has no price on <day>. Take days on which all tickers have prices…",
        _("%(ticker)s has no price on %(day)s: take days on which all tickers have prices, or "
          "leave it out."),
    ),
    (
        "there is no price on any day. Leave it out or give its prices.",
        _("There is no price on any day: leave it out or give its prices."),
    ),
    (
        "there is no price on <day>, a day on which others have one. Fill it in…",
        _("There is no price on %(day)s, a day on which others have one: fill it in, or upload "
          "its prices as a data set of their own."),
    ),
    (
        "no prices between <start> and <end>; they go from <first> to <last>.",
        _("There are no prices between %(start)s and %(end)s; they go from %(first)s to %(last)s."),
    ),
]  # fmt: skip

_VOLATILITY: list[tuple[str, Promise]] = [
    (
        "expected at least <least> prices, got <got>. Give more rows, a shorter window…",
        _("At least %(least)s prices are needed, got %(got)s: give more, a shorter window or a "
          "model of fewer parameters."),
    ),
    (
        "expected at least <least> prices, got <got>: windows of <window> returns, and <past> of "
        "them to compare.",
        _("At least %(least)s prices are needed, got %(got)s: windows of %(window)s returns, and "
          "%(past)s of them to compare."),
    ),
    (
        "expected at least <least> prices, got <got>: a window has <window> returns. Give…",
        _("At least %(least)s prices are needed, got %(got)s: a window has %(window)s returns."),
    ),
    (
        "expected at least <least> returns, as many as a window has, got <got>. Give more rows…",
        _("At least %(least)s returns are needed, as many as a window has, got %(got)s: give more, "
          "or take a shorter window."),
    ),
    (
        "expected at least <least> returns, got <got>. Give more rows or take a model…",
        _("At least %(least)s returns are needed, got %(got)s: give more, or take a model of fewer "
          "parameters."),
    ),
    (
        "the returns of rows <first> to <last> are all <value>, so they have no variance to model."
        " Leave out days…",
        _("The returns of rows %(first)s to %(last)s are all %(value)s, so that they have no "
          "variance to model: leave out days without trade, or take a longer window."),
    ),
    (
        "<model> has <count> parameters and needs windows of at least <least> returns, got <got>."
        " Take…",
        _("%(model)s has %(count)s parameters and needs windows of at least %(least)s returns, "
          "got %(got)s: take a longer window or fewer lags."),
    ),
    (
        "p and o are both 0, so that no return moves the variance. Set p or o to at least 1.",
        _("p and o are both 0, so that no return moves the variance: set one of them to at least "
          "1."),
    ),
    (
        "expected for each of at least 2 days whether there was a violation. Give more rows…",
        _("At least 2 days have to follow after the first window: give more prices."),
    ),
    (
        "<second>: expected nothing beside <first>; give one of them",
        _("%(first)s and %(second)s are given: give one of them."),
    ),
]  # fmt: skip

_INTRADAY: list[tuple[str, Promise]] = [
    (
        "expected less than <parameter>, which is <large>, got <got>.",
        _("It has to be less than “%(parameter)s”, which is %(large)s, not %(got)s."),
    ),
    (
        "expected at most <parameter>, which is <large>, got <got>.",
        _("It has to be at most “%(parameter)s”, which is %(large)s, not %(got)s."),
    ),
    (
        "<strategy> has no such parameter; it has <known>.",
        _("%(strategy)s has no such parameter; it has %(known)s."),
    ),
    (
        "expected a date from start_date, <start>, on; got <got>",
        _("The end has to be on %(start)s, where it begins, or later, not on %(got)s."),
    ),
    (
        "expected a date from <start> on, got <got>.",
        _("The end has to be on %(start)s, where it begins, or later, not on %(got)s."),
    ),
    (
        "expected a period with bars; they cover <first> to <last>, got <start> to <end>. Choose…",
        _("There are no bars from %(start)s to %(end)s: choose dates within %(first)s to "
          "%(last)s, which they cover."),
    ),
    (
        "expected days that the bars have too, from <first> to <last>, got <start> to <end>. Send…",
        _("The days of the signal, %(start)s to %(end)s, are none of the bars, %(first)s to "
          "%(last)s: choose data of the same period."),
    ),
    (
        "expected at least <least> bars, got <got>. Send more bars or choose shorter windows.",
        _("At least %(least)s bars are needed, got %(got)s: choose a longer period or shorter "
          "windows."),
    ),
    (
        "expected days of the asset of the bars, which the signal is made from, got none. Upload…",
        _("Choose days of the asset of the bars too, which the signal is made from: upload them as "
          "days of one asset."),
    ),
    (
        "expected a period of at least 2 days, to train and to test on, got 1. Choose…",
        _("At least 2 days are needed, to choose and to test on, got one: take a longer period."),
    ),
    (
        "expected fewer than <most> days, of which the period has so many, got <got>. Leave…",
        _("The period has %(most)s days, and all %(got)s are to choose on: leave some to test on."),
    ),
    (
        "expected up to <most> sets times folds, got <sets> times <folds>. Go on…",
        _("Up to %(most)s runs are made, and these are %(sets)s times %(folds)s: test on more days "
          "at a time, or try fewer values."),
    ),
    (
        "expected a combination that does not contradict itself, got none. Look…",
        _("All combinations contradict themselves: choose other values of these parameters."),
    ),
    (
        "expected up to <most> combinations, got <got>. Try fewer values…",
        _("Up to %(most)s combinations are tried, got %(got)s: try fewer values, first coarsely "
          "and then around the best."),
    ),
]  # fmt: skip

_SENTIMENT: list[tuple[str, Promise]] = [
    (
        "expected less than the positive threshold <positive>, got <got>. A text cannot be both…",
        _("It has to be less than %(positive)s, from where a text is positive, not %(got)s: a text "
          "cannot be both."),
    ),
    (
        "texts: expected some, or data instead; give one of the two",
        _("Give texts or choose a data set: one of the two."),
    ),
    (
        "texts: expected up to <most> characters together, got <got>; explain fewer at a time",
        _("Up to %(most)s characters are explained at a time, got %(got)s."),
    ),
    (
        "expected up to <most> entries, got <got>. Leave out words that the texts do not hold.",
        _("Up to %(most)s words are taken, got %(got)s: leave out those that the texts do not "
          "hold."),
    ),
    (
        "expected one word of up to <most> characters, got <got>. Texts are looked up…",
        _("One word of up to %(most)s characters is needed, not %(got)s: texts are looked up word "
          "by word."),
    ),
    (
        "<word> is never found, for punctuation around words is dropped. Give <better>.",
        _("%(word)s is never found, for punctuation around words is dropped: give %(better)s."),
    ),
    (
        "<word> is never found, for emoji are replaced by their description. Give…",
        _("%(word)s is never found, for emoji are replaced by their description: give a telling "
          "word of that."),
    ),
    (
        "<word> is a degree word, which changes the valence of others and has none. Leave it out.",
        _("%(word)s changes the value of other words and has none of its own: leave it out."),
    ),
    (
        "expected a valence from -4 to 4 for <word>, got <got>. Scale it.",
        _("A value from -4 to 4 is needed for %(word)s, not %(got)s."),
    ),
    (
        "expected a day before the end <end>, got <start>. Exchange the two.",
        _("It begins on %(start)s, after its end on %(end)s: exchange the two."),
    ),
    (
        "nothing was held on any day between the dates <start> and <end>: prices are of <first> to "
        "<last>, records of <begin> to <until>. Give…",
        _("Nothing was held on any day between %(start)s and %(end)s: there are prices from "
          "%(first)s to %(last)s, and records from %(begin)s to %(until)s. Prices have to follow "
          "after records."),
    ),
    (
        "expected means above 0 to weigh by, got <got>. Weigh equally or by rank.",
        _("Means above 0 are needed to weigh by, not %(got)s: weigh all alike or by rank."),
    ),
    (
        "none of <count> records has more than <likes> likes, more than <comments> comments and"
        " <metric>. Ask…",
        _("None of %(count)s records has more than %(likes)s likes, more than %(comments)s "
          "comments and %(metric)s: ask for less, or choose other records."),
    ),
    (
        "the return of <day> is <value>, which cannot be compounded. Use simple returns…",
        _("The return of %(day)s is %(value)s, which cannot be compounded: use simple returns, or "
          "check the prices of that day."),
    ),
    (
        "the returns until <day> compound to more than a number can hold. Check…",
        _("The returns until %(day)s compound to more than a number can hold: check the prices "
          "until that day."),
    ),
]  # fmt: skip

_ANY: list[tuple[str, Promise]] = [
    (
        "<most> of your calculations wait or run, as many as may (SERVICES_MAX_ACTIVE); wait …",
        _("%(most)s of your calculations wait or run, as many as may: wait until one has ended, or "
          "cancel one."),
    ),
    (
        "The arguments of <task> have <bytes> bytes of JSON, over MAX_ARGUMENT_BYTES (<most>).…",
        _("The question has %(bytes)s bytes, and up to %(most)s are taken: upload its data as a "
          "data set instead."),
    ),
    (
        "expected one of <choices>, got <got>.…",
        _("Choose one of these: %(choices)s; not %(got)s."),
    ),
    (
        "expected a whole number from <least> to <most>, got <got>.",
        _("Give a whole number from %(least)s to %(most)s, not %(got)s."),
    ),
    (
        "expected a number above <least> and below <most>, got <got>.",
        _("Give a number above %(least)s and below %(most)s, not %(got)s."),
    ),
    (
        "expected a number above <least> and up to <most>, got <got>.",
        _("Give a number above %(least)s and up to %(most)s, not %(got)s."),
    ),
    (
        "expected a number of at least <least> and up to <most>, got <got>.",
        _("Give a number from %(least)s to %(most)s, not %(got)s."),
    ),
    (
        "expected a number from <least> to <most>, got <got>.…",
        _("Give a number from %(least)s to %(most)s, not %(got)s."),
    ),
    (
        "expected a number between <least> and <most>, got <got>.",
        _("Give a number between %(least)s and %(most)s, not %(got)s."),
    ),
    (
        "expected a number above <least>, got <got>.",
        _("Give a number above %(least)s, not %(got)s."),
    ),
    (
        "expected a number of at least <least>, got <got>.…",
        _("Give a number of at least %(least)s, not %(got)s."),
    ),
]  # fmt: skip

OF_QUESTIONS = [*_TICKERS, *_VOLATILITY, *OF_PORTFOLIOS, *_INTRADAY, *_SENTIMENT, *_ANY]

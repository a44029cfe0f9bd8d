"""What is said of a portfolio that cannot be; written as `data_refusals` is. What is named
`share…` is a part of 1, and told in per cent as the form has it."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OF_PORTFOLIOS: list[tuple[str, Promise]] = [
    (
        "no portfolio within the limits returns more than the risk-free <share_free> a year; the "
        "highest attainable is <share_most>. Ask…",
        _("No portfolio within the limits returns more than the risk-free %(share_free)s %% a "
          "year; the highest attainable is %(share_most)s %%. Choose the least volatility as the "
          "goal, loosen the limits, or take other assets."),
    ),
    (
        "no portfolio within the limits returns <share_wanted> a year; the highest attainable is "
        "<share_most>. Ask for less…",
        _("No portfolio within the limits returns %(share_wanted)s %% a year; the highest "
          "attainable is %(share_most)s %%. Ask for less, or loosen the limits."),
    ),
    (
        "no portfolio within the limits has a volatility of <share_wanted> a year; the least "
        "attainable is <share_least>. Allow more…",
        _("No portfolio within the limits has a volatility of %(share_wanted)s %% a year; the "
          "least attainable is %(share_least)s %%. Allow more, or loosen the limits."),
    ),
    (
        "the upper bounds of <count> assets add up to <share_most>, less than the whole portfolio, "
        "1. Raise them to <share_even> on average or more, or take more assets.",
        _("The upper bounds of %(count)s assets add up to %(share_most)s %%, less than the whole "
          "portfolio. Raise them to %(share_even)s %% on average or more, or take more assets."),
    ),
    (
        "the lower bounds of <count> assets add up to <share_least>, more than the whole "
        "portfolio, 1. Reduce them to <share_even> on average or less, or take fewer assets.",
        _("The lower bounds of %(count)s assets add up to %(share_least)s %%, more than the whole "
          "portfolio. Reduce them to %(share_even)s %% on average or less, or take fewer assets."),
    ),
    (
        "<ticker>: its lower bound is above its upper one: <share_low> > <share_high>. Reduce…",
        _("%(ticker)s: its lower bound, %(share_low)s %%, is above its upper one, "
          "%(share_high)s %%. Reduce the lower one, or raise the upper one."),
    ),
    (
        "group <group>: its lower limit <share_low> is above its upper one <share_high>. Exchange…",
        _("%(group)s: its lower limit, %(share_low)s %%, is above its upper one, "
          "%(share_high)s %%. Exchange them, or leave one out."),
    ),
    (
        "group <group>: expected at least one member. Name…",
        _("%(group)s: name some of the tickers, or leave the group out."),
    ),
    (
        "group <group>: <ticker> is not among the assets. Name it…",
        _("%(group)s: %(ticker)s is not among the tickers. Name it there too, or leave it out."),
    ),
    (
        "group <group>: its members together have between <share_least> and <share_most>, by their "
        "own bounds; asked for were <share_low> to <share_high>. Change…",
        _("%(group)s: its members together have between %(share_least)s %% and %(share_most)s %%, "
          "by their own bounds, but %(share_low)s %% to %(share_high)s %% were asked for. Change "
          "the limits of the group or the bounds of its members."),
    ),
    (
        "the limits of the groups and the bounds contradict each other. Loosen one of them.",
        _("The limits of the groups and the bounds contradict each other: loosen one of them."),
    ),
    ("<goal> needs a number.", _("This goal needs a number here.")),
    (
        "<goal> has none. Leave it out, or choose the goal <either>.",
        _("This goal has none: leave it out, or choose the goal %(either)s."),
    ),
    (
        "hrp takes no bounds or other limits. Leave them out…",
        _("Hierarchical risk parity takes no bounds or other limits: leave them out, or choose "
          "another goal."),
    ),
    (
        "<count> days are too few for a window of <window>; at least <least> are needed. Give…",
        _("%(count)s days are too few for a window of %(window)s; at least %(least)s are needed: "
          "take a longer period or a shorter window."),
    ),
    (
        "no month begins after the first <window> days. Give…",
        _("No month begins after the first %(window)s days: take a longer period or a shorter "
          "window."),
    ),
    (
        "expected at least 2 rows of returns, got <got>. Give a longer period.",
        _("At least 2 days of returns are needed, got %(got)s: take a longer period."),
    ),
    (
        "expected at least 3 rows of prices, got <got>. Give a longer period.",
        _("At least 3 days of prices are needed, got %(got)s: take a longer period."),
    ),
    (
        "the series is constant: it has no variance to weigh against that of others. Leave…",
        _("Its price never changes, so that it has no variance to weigh against that of others: "
          "leave it out, or take a period in which it moves."),
    ),
    (
        "<ticker> is there more than once. Name it once.",
        _("%(ticker)s is there more than once: name it once."),
    ),
    (
        "the covariance of <count> assets <seen> is singular: <ticker> moves exactly as some of "
        "the others together. Use…",
        _("The covariance of %(count)s assets is singular: %(ticker)s moves exactly as some of the "
          "others together. Choose Ledoit-Wolf, take more days than assets, or leave %(ticker)s "
          "out."),
    ),
    (
        "the covariance of <count> assets is singular: <ticker> moves exactly as some of the "
        "others together. Use…",
        _("The covariance of %(count)s assets is singular: %(ticker)s moves exactly as some of the "
          "others together. Choose Ledoit-Wolf, take more days than assets, or leave %(ticker)s "
          "out."),
    ),
    (
        "the frontier could not be followed to its end; the covariance is too close to singular."
        " Use…",
        _("The frontier could not be followed to its end, for the covariance is too close to "
          "singular: choose Ledoit-Wolf, or take more days than assets."),
    ),
    (
        "the solver found no solution, though the limits allow one. Use…",
        _("The solver found no solution, though the limits allow one: choose Ledoit-Wolf."),
    ),
    (
        "Limits on groups or turnover, and min_cvar, need cvxpy, which is not installed…",
        _("Limits on groups, and the least expected shortfall, need cvxpy, which is not installed "
          "here."),
    ),
]  # fmt: skip

"""Names of strategies, parameters and metrics in the reader's language."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from pages.templatetags.shown import grouped, percent

SHARES = {"total_return", "annual_return", "volatility", "max_drawdown", "win_rate", "exposure"}
"""Metrics that are parts of 1."""
NONE = "-"


def strategies_words() -> dict[str, str]:
    """What each is called, in the order in which they are offered."""
    return {
        "rsi_bollinger": _("Strength index and bands, against the day's signal"),
        "momentum": _("Momentum: with the trend"),
        "mean_reversion": _("Mean reversion: against large moves"),
        "breakout": _("Breakout: beyond highs and lows"),
        "volatility": _("Volatility: turning with large moves"),
    }


def rule_words(strategy: str) -> str:
    """When it trades."""
    known: dict[str, Callable[[], str]] = {
        "rsi_bollinger": lambda: _(
            "Each day has a signal, which GARCH forecasts make before it begins. On days of +1 it "
            "goes short where the index is high and the close above its band; on days of -1 long "
            "where the index is low and the close below its band."
        ),
        "momentum": lambda: _(
            "Long while the difference of two averages (MACD) is above its own average, short "
            "while it is below."
        ),
        "mean_reversion": lambda: _(
            "Long where the close is far below its mean, short where it is far above; out where "
            "the move is made good."
        ),
        "breakout": lambda: _(
            "Long where the close is above the highest of the bars before, short where it is "
            "below their lowest; out beyond the opposite of a shorter channel."
        ),
        "volatility": lambda: _(
            "Turns short where the close falls some true ranges below its highest since the last "
            "turn, and long where it rises as far above its lowest."
        ),
    }
    return known[strategy]()


def parameter_words(name: str) -> str:
    """What a parameter is; its own name where we have no better."""
    known = {
        "rsi_window": _("Bars of the strength index"),
        "rsi_high": _("High from this index on"),
        "rsi_low": _("Low up to this index"),
        "band_window": _("Bars of the band"),
        "band_width": _("Band, in deviations"),
        "fast": _("Fast average, bars"),
        "slow": _("Slow average, bars"),
        "smooth": _("Smoothing, bars"),
        "threshold": _("Least difference, share of the close"),
        "window": _("Window, bars"),
        "enter": _("In at so many deviations"),
        "leave": _("Out at so many deviations"),
        "leave_window": _("Window to leave by, bars"),
        "multiple": _("True ranges to turn at"),
    }
    return known.get(name, name)


def metrics_words() -> dict[str, str]:
    """Every metric, in the order in which they are shown."""
    return {
        "total_return": _("Total return"),
        "annual_return": _("Growth of a year (CAGR)"),
        "volatility": _("Volatility of a year"),
        "sharpe": _("Sharpe ratio of a year"),
        "sortino": _("Sortino ratio of a year"),
        "max_drawdown": _("Deepest fall"),
        "trades": _("Trades"),
        "win_rate": _("Trades that gained"),
        "profit_factor": _("Gains over losses"),
        "exposure": _("Time in the market"),
        "skewness": _("Skewness of days"),
        "kurtosis": _("Kurtosis of days"),
    }


def metric_written(name: str, value: float | None) -> str:
    """A metric's value, or a dash."""
    if value is None:
        return NONE
    if name in SHARES:
        return percent(value, 1)
    return grouped(value, 0 if name == "trades" else 2)


def side_words(side: str) -> str:
    """Long or short."""
    return {"long": _("long"), "short": _("short")}.get(side, side)


def reason_words(reason: str) -> str:
    """Why a trade ended."""
    known = {
        "signal": _("signal"),
        "end of day": _("end of day"),
        "end of period": _("end of the period"),
        "stop loss": _("stop loss"),
        "take profit": _("take profit"),
        "flat time": _("time of day"),
    }
    return known.get(reason, reason)

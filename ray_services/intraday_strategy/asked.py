"""From bodies to what the core takes. What is refused is named as the body names it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ray_services import own_data
from ray_services.common.errors import BadInput
from ray_services.garch_predictor.premium import PremiumRule
from ray_services.garch_predictor.spec import GarchSpec
from ray_services.intraday_strategy.bodies import StrategiesIn
from ray_services.intraday_strategy.checking import one_of
from ray_services.intraday_strategy.daily import DailySignal, make_daily_signal
from ray_services.intraday_strategy.grids import MOST_SETS, Grid, make_grid
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.period_bodies import PeriodIn, PremiumIn, SignsIn
from ray_services.intraday_strategy.rules import Rules
from ray_services.intraday_strategy.search_bodies import GridIn, Steps, SweepIn
from ray_services.intraday_strategy.strategies import Strategy, make_strategy


@contextmanager
def named(**fields: str) -> Iterator[None]:
    """What is refused within, with other names of fields."""
    try:
        yield
    except BadInput as error:
        if error.field not in fields:
            raise
        raise BadInput(
            error.message, field=fields[error.field], row=error.row, remedy=error.remedy
        ) from None


@contextmanager
def within(place: str) -> Iterator[None]:
    """What is refused within, with the field's place in front."""
    try:
        yield
    except BadInput as error:
        field = f"{place}.{error.field}" if error.field else place
        raise BadInput(error.message, field=field, row=error.row, remedy=error.remedy) from None


def dates_named() -> Any:
    """The core's names of dates as bodies have them."""
    return named(start="start_date", end="end_date")


def dates_of(body: PeriodIn) -> dict[str, Any]:
    """Start and end as the core takes them."""
    dates = {"start": body.start_date, "end": body.end_date}
    return {name: None if day is None else str(day) for name, day in dates.items()}


def rules_of(body: PeriodIn) -> Rules:
    """Raises BadInput."""
    with within("rules"):
        return Rules(**body.rules.model_dump())


def strategies_of(body: StrategiesIn) -> list[Strategy]:
    """Each once, in their order. Raises BadInput, also for parameters that nothing takes."""
    plain = {one for one in body.strategies if isinstance(one, str)}
    for name in body.parameters:
        if name not in plain:
            raise BadInput(
                f"expected parameters of strategies that are named alone, got those of {name}.",
                field="parameters",
                remedy="Name it among the strategies, or give it as {strategy, parameters}.",
            )
    found = []
    for place, one in enumerate(body.strategies):
        if isinstance(one, str):
            with within(f"parameters.{one}"):
                found.append(make_strategy(one, body.parameters.get(one)))
        else:
            with within(f"strategies.{place}.parameters"):
                found.append(make_strategy(one.strategy, one.parameters))
    return list(dict.fromkeys(found))


def grid_of(body: GridIn) -> Grid:
    """Raises BadInput for a grid that is empty, too large or not of the strategy."""
    if not body.grid:
        raise BadInput(
            "expected values of at least one parameter, got none.",
            field="grid",
            remedy='Give some, such as {"window": [10, 20]}, or use backtest-strategy.',
        )
    with within("grid"):
        return make_grid(body.strategy, {name: _axis(name, one) for name, one in body.grid.items()})


def demand_axes(body: SweepIn) -> None:
    """Refuse a heat map over what the grid does not have, before anything is computed."""
    wanted = body.heat_map
    if wanted is None:
        return
    with within("heat_map"):
        for field, name in (("x", wanted.x), ("y", wanted.y)):
            one_of(field, name, tuple(body.grid))
        if wanted.x == wanted.y:
            raise BadInput(f"expected another parameter than x, got {wanted.y!r}.", field="y")


def markets_of(body: PeriodIn, strategies: list[Strategy]) -> list[Market]:
    """The market of each strategy: with the daily signal where it needs one. Raises BadInput."""
    needed = {one.needs_signal for one in strategies}
    if True not in needed:
        for field in ("signal", "daily"):
            if getattr(body, field) is not None:
                raise BadInput(
                    "none of the strategies knows a daily signal, got one.",
                    field=field,
                    remedy="Leave it out, or choose rsi_bollinger.",
                )
    if body.bars is None and body.symbol.strip().upper() != own_data.SYMBOL:
        raise BadInput(
            f"expected {own_data.SYMBOL}, the asset that there are bars of, got {body.symbol!r}.",
            field="symbol",
            remedy="Upload bars of another asset, and give their SHA-256 as bars.",
        )
    made = {with_signal: _market(body, with_signal) for with_signal in needed}
    return [made[one.needs_signal] for one in strategies]


def _market(body: PeriodIn, with_signal: bool) -> Market:
    with named(data="bars"):
        bars = own_data.bars(body.bars)
    if not with_signal:
        return own_data.market(body.bars, with_signal=False)
    if isinstance(body.signal, SignsIn):
        return Market(bars, _signs(body, body.signal))
    if body.bars is not None and body.daily is None:
        raise BadInput(
            "expected days of the asset of the bars, which the signal is made from, got none.",
            field="daily",
            remedy="Upload them as a data set of the kind daily, or give signal.days and signs.",
        )
    with named(data="daily", close="daily", date="daily"):
        own_data.daily(body.daily)
        return own_data.market(body.bars, body.daily, with_signal=True, rule=_rule(body.signal))


def _rule(signal: PremiumIn | None) -> PremiumRule:
    with within("signal"), named(window="window_size"):
        given = (signal or PremiumIn()).model_dump()
        spec = GarchSpec(given.pop("p"), given.pop("o"), given.pop("q"))
        return PremiumRule(spec=spec, window=given.pop("window_size"), **given)


def _signs(body: PeriodIn, signal: SignsIn) -> DailySignal:
    if body.daily is not None:
        raise BadInput(
            "expected days that a signal is made from, or a signal of your own, got both.",
            field="daily",
            remedy="Leave out one of the two.",
        )
    with named(signal="signal.signs", date="signal.days"):
        return make_daily_signal([str(day) for day in signal.days], signal.signs)


def _axis(name: str, given: Any) -> Any:
    if not isinstance(given, Steps):
        return given
    if not 1 <= given.count() <= MOST_SETS:
        raise BadInput(
            f"expected 1 to {MOST_SETS:,} values, got {given.count():,} from {given.first:g} to "
            f"{given.last:g}.",
            field=name,
            remedy="Choose other ends or a longer step.",
        )
    return given.values()

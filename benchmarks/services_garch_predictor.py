"""Rolling GARCH(1,3) beside a loop over arch: 1,178 windows of 180 daily returns, a fit and a
forecast for each.

The loop is given the returns as they are, with which it is a little faster; what is compared are
its results on returns in percent, as its optimiser likes them.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks.side_by_side import Case
from benchmarks.through_the_queue import Request
from ray_services.garch_predictor.rolling import RollingFits, fits_of_many, rolling_fits
from ray_services.garch_predictor.spec import GarchSpec, Rolling

SPEC, ROLLING = GarchSpec(p=1, q=3), Rolling(window=180)
WINDOWS = 1_178
PERCENT = 100


def cases(parallel_map: Any) -> list[Case]:
    """The workload; `parallel_map` spreads it over Ray."""
    prices = prices_of(0)
    returns = np.diff(np.log(prices))

    def on_ray() -> RollingFits:
        return fits_of_many({"returns": returns}, SPEC, ROLLING, spread=parallel_map)["returns"]

    return [
        Case(
            workload=f"{WINDOWS:,} rolling GARCH(1,3) fits",
            baseline="arch",
            items=range(WINDOWS),
            natural=partial(arch_loop, returns),
            reference=partial(arch_loop, PERCENT * returns),
            one_core=partial(rolling_fits, returns, SPEC, ROLLING),
            on_ray=on_ray,
            queued=Request(
                service="garch-predictor",
                operation="fit-rolling",
                body={"assets": [], "prices": {"returns": prices}, "p": 1, "q": 3},
                rows=fits_answered,
            ),
            rows=lambda fits: np.column_stack([fits.log_likelihood, fits.next_day]),
            agree=agree,
            pieces=12,
            one_core_at_least=60,
            on_ray_at_least=100,
        )
    ]


def prices_of(seed: int) -> list[float]:
    """Whose log returns have clustered variance and fat tails, as a volatile asset has them."""
    dice = np.random.default_rng(seed)
    variance, returns = 1.4e-3, []
    for shock in dice.standard_t(5, WINDOWS + 179) * np.sqrt(3 / 5):
        error = np.sqrt(variance) * shock
        returns.append(1e-3 + error)
        variance = 5e-5 + 0.12 * error**2 + 0.845 * variance
    return (100 * np.exp(np.cumsum([0.0, *returns]))).tolist()


def fits_answered(answer: dict[str, Any]) -> Any:
    """Of a request's rows what is compared."""
    rows = answer["windows"]
    return np.column_stack([rows["log_likelihood"].to_numpy(), rows["forecast_1"].to_numpy()])


def arch_loop(returns: Any, rows: Sequence[int]) -> list[tuple[float, float]]:
    """The likelihood and the forecast of each window, as one writes it with arch."""
    from arch import arch_model

    found = []
    for row in rows:
        model = arch_model(
            returns[row : row + 180], mean="Constant", vol="GARCH", p=1, q=3, rescale=False
        )
        result = model.fit(disp="off", show_warning=False)
        variance = result.forecast(horizon=1).variance.to_numpy()[-1, 0]
        found.append((float(result.loglikelihood), float(variance)))
    return found


def agree(ours: Any, in_percent: Any) -> None:
    """No likelihood is below arch's by more than 0.2, and half of the forecasts are within 0.1 %:
    where ours is the better fit, and it often is, the forecast is another."""
    below = in_percent[:, 0] + 180 * np.log(PERCENT) - ours[:, 0]
    apart = np.abs(ours[:, 1] / (in_percent[:, 1] / PERCENT**2) - 1)
    assert below.max() <= 0.2, f"A log-likelihood is {below.max():.3g} below that of arch."
    assert np.median(apart) <= 0.001, f"Forecasts are {np.median(apart):.2%} apart from arch's."

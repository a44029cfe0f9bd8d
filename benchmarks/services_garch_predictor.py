"""Rolling GARCH(1,3): the plain loop over arch, ours on one core, ours on Ray with two CPUs.

`python -m benchmarks.services_garch_predictor`; needs arch. 1,178 windows of 180 daily returns, a
fit and a forecast for each. Results are compared before times are: with arch on returns scaled as
its optimiser likes them. With --quick, arch fits every tenth window and its rate counts.
"""

import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np

from benchmarks.environment import project
from benchmarks.report import Report, median_seconds, parse_options
from ray_services.garch_predictor.rolling import RollingFits, fits_of_many, rolling_fits
from ray_services.garch_predictor.single import fit
from ray_services.garch_predictor.spec import GarchSpec, Rolling

SPEC, ROLLING = GarchSpec(p=1, q=3), Rolling(window=180)
WINDOWS = 1_178
SERIES = 20
UNIT = "fits/s"
PLAIN = "loop over arch"


def daily_returns(seed: int) -> Any:
    """Log returns with clustered variance and fat tails, as a volatile asset has them."""
    dice = np.random.default_rng(seed)
    variance, returns = 1.4e-3, []
    for shock in dice.standard_t(5, WINDOWS + 179) * np.sqrt(3 / 5):
        error = np.sqrt(variance) * shock
        returns.append(1e-3 + error)
        variance = 5e-5 + 0.12 * error**2 + 0.845 * variance
    return np.array(returns)


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


def compare(report: Report, returns: Any, ours: RollingFits, rows: Sequence[int]) -> None:
    """Likelihoods and forecasts beside those of arch on returns in percent."""
    theirs = np.array(arch_loop(100 * returns, rows))
    likelihood = theirs[:, 0] + 180 * np.log(100)
    worse = likelihood - ours.log_likelihood[rows]
    apart = np.abs(ours.next_day[rows] / (theirs[:, 1] / 1e4) - 1)
    report.add("log-likelihood below arch at most", float(worse.max()), "", at_most=0.2)
    report.add("log-likelihood above arch at most", float(-worse.min()), "")
    report.add("forecast apart from arch, median", 100 * float(np.median(apart)), "%", at_most=0.1)
    report.add("windows that converged", 100 * float(ours.converged.mean()), "%")


def plain_rate(returns: Any, quick: bool) -> float:
    """Fits a second of the loop over arch."""
    rows = range(0, WINDOWS, 10 if quick else 1)
    arch_loop(returns, rows[:3])
    taken = []
    for _ in range(1 if quick else 3):
        began = time.perf_counter()
        arch_loop(returns, rows)
        taken.append(time.perf_counter() - began)
    return len(rows) / statistics.median(taken)


def rate(action: Callable[[], object], fits: int, repeat: int) -> float:
    """Fits a second, by the median."""
    return fits / median_seconds(action, repeat)


def on_ray(report: Report, series: dict[str, Any], plain: float, repeat: int) -> None:
    """One series and many, spread over two CPUs, with the same results to the bit."""
    from django_ray_runtime.distributed import parallel_map

    one = {"0": series["0"]}
    cases = [(f"{WINDOWS:,} fits", one, 100.0), (f"{SERIES} series of as many", series, None)]
    for name, given, bound in cases:
        action = partial(fits_of_many, given, SPEC, ROLLING, spread=parallel_map)
        for key, found in action().items():
            here = rolling_fits(series[key], SPEC, ROLLING)
            assert np.array_equal(found.parameters, here.parameters)
            assert np.array_equal(found.next_day, here.next_day)
        fits = WINDOWS * len(given)
        per_second = rate(action, fits, repeat)
        report.add(
            f"{name}, Ray on 2 CPUs", per_second, UNIT,
            baseline=PLAIN, ratio=per_second / plain, ratio_at_least=bound,
        )  # fmt: skip


def main() -> int:
    """Measure and report; 1 when a bound is missed."""
    options = parse_options(__doc__ or "")
    warnings.simplefilter("ignore")
    repeat = 3 if options.quick else 7
    report = Report("Rolling GARCH(1,3)")
    series = {str(number): daily_returns(number) for number in range(SERIES)}
    returns = series["0"]
    began = time.perf_counter()
    ours = rolling_fits(returns, SPEC, ROLLING)
    report.add("the first fits, compiled code loaded", time.perf_counter() - began, "s")
    compare(report, returns, ours, list(range(0, WINDOWS, 40 if options.quick else 20)))
    plain = plain_rate(returns, options.quick)
    report.add(f"{WINDOWS:,} fits, {PLAIN}", plain, UNIT)
    per_second = rate(partial(rolling_fits, returns, SPEC, ROLLING), WINDOWS, repeat)
    report.add(
        f"{WINDOWS:,} fits, one core", per_second, UNIT,
        baseline=PLAIN, ratio=per_second / plain, ratio_at_least=60.0,
    )  # fmt: skip
    single = median_seconds(partial(fit, returns[:180], SPEC), repeat)
    report.add("one fit by itself", single * 1000, "ms")
    with ExitStack() as leaving:
        leaving.enter_context(project("sqlite"))
        from django_ray_runtime import ray_cluster
        from django_ray_runtime.conf import read

        cluster = ray_cluster.start(
            read({"RAY_NUM_CPUS": 2, "RAY_OBJECT_STORE_MEMORY": 500_000_000})
        )
        leaving.callback(cluster.close)
        on_ray(report, series, plain, repeat)
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())

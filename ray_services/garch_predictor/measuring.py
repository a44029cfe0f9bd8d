"""How fast windows are fitted here and now, beside the plain loop over arch.

Likelihoods are compared before times are told: a fit that is worse is no faster.
"""

import os
import time
from importlib import import_module
from typing import Any

import numpy as np

from ray_services import own_data
from ray_services.common.errors import LibraryMissing
from ray_services.common.spread import Spread
from ray_services.garch_predictor.inputs import Floats, log_returns
from ray_services.garch_predictor.rolling import fit_piece, pieces_of, rolling_fits
from ray_services.garch_predictor.spec import GarchSpec, Rolling

ASSET, WINDOW = "SPY", 180
SPEC = GarchSpec(p=1, q=3)
SCALE = 100.0
"""What arch's manual asks for: returns in percent."""


def some_returns(windows: int) -> tuple[Floats, str]:
    """The last returns of an index, so many that so many windows fit in, and the data's SHA-256."""
    panel = own_data.prices()
    prices = panel.fields["adj_close"][:, panel.columns([ASSET])[0]]
    return log_returns(prices, ASSET)[-(WINDOW + windows - 1) :], panel.sha256


def compare(returns: Floats) -> dict[str, Any]:
    """The plain loop beside ours on one core, in seconds; without arch only ours, and why."""
    rolling = Rolling(window=WINDOW)
    rolling_fits(returns[:WINDOW], SPEC, rolling)  # loads the compiled code
    began = time.perf_counter()
    ours = rolling_fits(returns, SPEC, rolling)
    seconds = time.perf_counter() - began
    found: dict[str, Any] = {
        "windows": len(ours),
        "model": str(SPEC),
        "seconds": seconds,
        "windows_per_second": len(ours) / seconds,
        "serial_seconds": None,
        "least_gain": None,
        "speed_up": None,
        "serial_reason": None,
    }
    try:
        likelihoods, serial = _plain(returns)
    except LibraryMissing as error:
        return found | {"serial_reason": str(error)}
    gain = float((ours.log_likelihood - likelihoods).min())
    speed_up = serial / seconds if gain > -0.2 else None
    return found | {"serial_seconds": serial, "least_gain": gain, "speed_up": speed_up}


def compare_spread(spread: Spread) -> dict[str, Any] | None:
    """Ours on one core beside ours over `spread`, of all windows of the index; None where no other
    process took part."""
    returns, _ = some_returns(1_000)
    rolling = Rolling(window=WINDOW)
    pieces = pieces_of({ASSET: returns}, SPEC, rolling)
    spread(_fitted, pieces)  # whoever takes part loads the compiled code
    began = time.perf_counter()
    here = np.concatenate([_fitted(piece)[1] for piece in pieces])
    alone = time.perf_counter() - began
    began = time.perf_counter()
    parts = spread(_fitted, pieces)
    seconds = time.perf_counter() - began
    processes = {process for process, _ in parts}
    if processes == {os.getpid()}:
        return None
    same = np.array_equal(here, np.concatenate([part for _, part in parts]))
    return {
        "windows": here.size,
        "processes": len(processes),
        "same": same,
        "one_core_seconds": alone,
        "seconds": seconds,
        "speed_up": alone / seconds if same else None,
    }


def _fitted(piece: Any) -> tuple[int, Floats]:
    """Which process it was, and the likelihoods."""
    fits = fit_piece(piece, spec=SPEC, rolling=Rolling(window=WINDOW))
    return os.getpid(), fits.log_likelihood


def _plain(returns: Floats) -> tuple[Floats, float]:
    """The likelihood of each window by arch, and the seconds of them all."""
    try:
        arch_model = import_module("arch").arch_model
    except ImportError as error:
        raise LibraryMissing(
            "Comparing needs the package arch, which is not installed: pip install arch"
        ) from error
    found = []
    began = time.perf_counter()
    for first in range(len(returns) - WINDOW + 1):
        window = SCALE * returns[first : first + WINDOW]
        model = arch_model(window, p=SPEC.p, q=SPEC.q, rescale=False)
        found.append(float(model.fit(disp="off", show_warning=False).loglikelihood))
    seconds = time.perf_counter() - began
    return np.array(found) + WINDOW * np.log(SCALE), seconds

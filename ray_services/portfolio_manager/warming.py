"""Compiled code loaded before it is needed."""

import numpy as np

from ray_services.portfolio_manager import indicators
from ray_services.portfolio_manager.hierarchy import hierarchical_risk_parity
from ray_services.portfolio_manager.optimise import Wish, optimise
from ray_services.portfolio_manager.tail_risk import Simulation, simulate


def warm_up() -> None:
    """Load all that is compiled: a moment, or some ten seconds where nothing compiled it yet."""
    days = np.arange(60.0)
    returns = 0.01 * np.column_stack([np.sin(days) + 0.1, np.cos(days)])
    optimise(returns, ("first", "second"), Wish("max_sharpe"))
    hierarchical_risk_parity(np.eye(3))
    for method in ("bootstrap", "gaussian"):
        simulate(returns[:, 0], Simulation(method, paths=10, days=2))
    close = np.cumprod(1.0 + returns[:, 0])
    indicators.rsi(close, 5)
    indicators.atr(close, close, close, 5)
    indicators.bollinger(close, 5, 2.0)
    indicators.standardised(indicators.macd(close, 3, 5))

"""Portfolios: estimates, the exact efficient frontier, risk, backtests, and whole shares."""

"""Four analytic services: sentiment, volatility, portfolio, intraday.

Each has a core of plain functions over arrays, which knows neither Django nor an engine.
"""

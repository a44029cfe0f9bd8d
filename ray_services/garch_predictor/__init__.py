"""Rolling GARCH forecasts of volatility, fitted by maximum likelihood.

rolling    fits and forecasts of each window, of one series or many
single     one fit, likelihood of given parameters, choice of the order
premium    the daily signal from predicted against historical variance
volatility today's volatility of assets: percentile, regime, term structure
losses     QLIKE and MSE against proxies of the variance that came true
value_at_risk  series of VaR and expected shortfall, and their backtests
moments    rolling variances and statistics of prices
zoo        further models, through the package arch
"""

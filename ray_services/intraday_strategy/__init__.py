"""Intraday strategies over bars of some minutes: one run, sweeps, out-of-sample tests, signals.

`bars` reads the market, `daily` a signal per day, `strategies` says when to enter and leave,
`rules` what a trade costs and when it ends, `runs` does one run, `sweeps` many, `splits` chooses on
one period and tests on the next, `latest` tells what to hold now.
"""

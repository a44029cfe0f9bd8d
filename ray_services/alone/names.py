"""The services, as they are called when they run alone."""

PORTS = {
    "sentiment-analyzer": 8005,
    "garch-predictor": 8006,
    "portfolio-manager": 8007,
    "intraday-strategy": 8008,
}

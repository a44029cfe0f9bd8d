"""A service that runs alone, asked over HTTP."""

import json
import socket
import urllib.error
import urllib.request
from typing import Any

ASKED: dict[str, tuple[str, Any]] = {
    "sentiment-analyzer": ("/analyze-sentiment", {"texts": ["Great quarter!"]}),
    "garch-predictor": ("/predict-volatility", {"assets": ["SPY"], "past": 20}),
    "portfolio-manager": ("/optimize-portfolio", {"tickers": ["AAPL", "JNJ"]}),
    "intraday-strategy": ("/execute-strategies", {"strategies": ["momentum"]}),
}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def ask(port: int, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", content, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  (our own)
            text = answer.read()
            return answer.status, json.loads(text) if text[:1] in b"{[" else text
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "processing_time"}


def is_up(port: int) -> bool:
    try:
        return ask(port, "/healthz") == (200, b"ok\n")
    except urllib.error.URLError:
        return False

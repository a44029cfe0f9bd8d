"""Make the data sets: `python -m ray_services.data.make_data [FOLDER]`.

The same seed gives the same files. Real ones of the same schema may take their place.
"""

import argparse
import io
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from ray_services.data.bars import make_daily_and_bars
from ray_services.data.engagement import make_engagement
from ray_services.data.prices import make_panel
from ray_services.data.texts import make_corpus

SEED = 20_230_920
FILES = (
    "sentiment_data.csv",
    "simulated_daily_data.csv",
    "simulated_5min_data.csv",
    "prices.parquet",
    "factors.csv",
    "texts.csv",
)


def make_all(folder: Path, seed: int = SEED) -> None:
    """Write all files that are not there yet; each appears when it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    for stream, (names, make) in enumerate(_MAKERS):
        if all((folder / name).exists() for name in names):
            continue
        rng = np.random.default_rng([seed, stream])
        for name, content in zip(names, make(rng), strict=True):
            _write(folder / name, content)


def _write(path: Path, content: bytes) -> None:
    handle, partial = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.chmod(partial, 0o644)
    os.replace(partial, path)


def _panel(rng: np.random.Generator) -> tuple[bytes, bytes]:
    prices, factors = make_panel(rng)
    whole, text = io.BytesIO(), io.BytesIO()
    pq.write_table(prices, whole, compression="zstd")
    pa_csv.write_csv(factors, text)
    return whole.getvalue(), text.getvalue()


def _bars(rng: np.random.Generator) -> tuple[bytes, bytes]:
    daily, bars = make_daily_and_bars(rng)
    return daily.encode(), bars.encode()


_MAKERS: list[tuple[tuple[str, ...], Callable[[np.random.Generator], tuple[bytes, ...]]]] = [
    (("sentiment_data.csv",), lambda rng: (make_engagement(rng).encode(),)),
    (("simulated_daily_data.csv", "simulated_5min_data.csv"), _bars),
    (("prices.parquet", "factors.csv"), _panel),
    (("texts.csv",), lambda rng: (make_corpus(rng).encode(),)),
]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Make the services' data sets.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent / "files")
    parser.add_argument("--seed", type=int, default=SEED, help="(%(default)s)")
    options = parser.parse_args(arguments)
    make_all(options.folder, options.seed)
    for name in FILES:
        size = (options.folder / name).stat().st_size
        sys.stdout.write(f"{options.folder / name}  {size:,} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

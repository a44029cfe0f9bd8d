"""How fast texts are scored here and now, beside the plain loop over vaderSentiment.

Figures are compared before times are: a speed-up is told only where all compounds are the same.
"""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common.spread import Spread
from ray_services.sentiment_analyzer.published import plain_scorer
from ray_services.sentiment_analyzer.scoring import blocks_of, score_texts, warm_up

REPEATS = 3  # of ours, which takes milliseconds
SPREAD_TEXTS = 100_000
"""Of the spread run: some tenths of a second of work, for less never leaves a process."""
SPREAD_BLOCK = 1_000

type Compounds = NDArray[np.float64]


def compare(texts: Sequence[str]) -> dict[str, Any]:
    """The plain loop (once) beside ours on one core (the median of REPEATS) over the same texts, in
    seconds; `speed_up` is None where a compound differs. Raises LexiconMissing."""
    scorer = plain_scorer()
    warm_up()
    plain, serial = _timed(lambda: np.array([scorer(text)["compound"] for text in texts]))
    runs = [_timed(lambda: score_texts(texts).compound) for _ in range(REPEATS)]
    seconds = statistics.median(took for _, took in runs)
    differing = int((np.abs(runs[0][0] - plain) > 5e-5).sum())  # both have 4 decimals
    return {
        "texts": len(texts),
        "characters": sum(map(len, texts)),
        "differing_texts": differing,
        "serial_seconds": serial,
        "seconds": seconds,
        "serial_texts_per_second": len(texts) / serial,
        "texts_per_second": len(texts) / seconds,
        "speed_up": None if differing else serial / seconds,
    }


def compare_spread(texts: Sequence[str], spread: Spread) -> dict[str, Any] | None:
    """Ours on one core beside ours over `spread`, of SPREAD_TEXTS texts (the same again and again),
    in seconds; None where no other process took part."""
    many = list(islice(cycle(texts), SPREAD_TEXTS))
    blocks = blocks_of(many, SPREAD_BLOCK)
    spread(_compounds, blocks)  # whoever takes part loads the compiled code
    here, alone = _timed(lambda: score_texts(many).compound)
    parts, seconds = _timed(lambda: spread(_compounds, blocks))
    processes = {process for process, _ in parts}
    if processes == {os.getpid()}:
        return None
    same = np.array_equal(here, np.concatenate([part for _, part in parts]))
    return {
        "texts": len(many),
        "processes": len(processes),
        "same": same,
        "one_core_seconds": alone,
        "seconds": seconds,
        "texts_per_second": len(many) / seconds,
        "speed_up": alone / seconds if same else None,
    }


def _compounds(texts: list[str]) -> tuple[int, Compounds]:
    """Which process it was, and the compounds."""
    return os.getpid(), score_texts(texts).compound


def _timed[T](action: Callable[[], T]) -> tuple[T, float]:
    """What it gives, and the seconds it took."""
    began = time.perf_counter()
    found = action()
    return found, time.perf_counter() - began

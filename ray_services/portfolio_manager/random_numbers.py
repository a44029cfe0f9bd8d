"""Random numbers that are a function of a seed and a place: any part of them, anywhere, the same.

The k-th number is SplitMix64's k-th output, which can be had without those before it (Steele, Lea
and Flood, "Fast Splittable Pseudorandom Number Generators", 2014). Compiled.
"""

from typing import Any

import numpy as np

from ray_services.common.compiled import compiled

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_1, _11, _27, _30, _31 = np.uint64(1), np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)


@compiled
def word(key: Any, place: Any) -> Any:
    """The uint64 at a place (uint64) of the sequence of a key."""
    state = key + (place + _1) * _GAMMA
    state = (state ^ (state >> _30)) * _MIX_1
    state = (state ^ (state >> _27)) * _MIX_2
    return state ^ (state >> _31)


@compiled
def fraction(key: Any, place: Any) -> Any:
    """A float64 in (0, 1], of 53 random bits."""
    return (np.float64(word(key, place) >> _11) + 1.0) * 2.0**-53


def key_of(seed: int) -> np.uint64:
    """The key of a seed: near seeds give keys that are far apart."""
    key: np.uint64 = np.uint64(word(_GAMMA, np.uint64(seed % 2**64)))
    return key

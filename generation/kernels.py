"""Permuting and unranking in one compiled pass: the arithmetic of numpy's way, many times faster.

Games go through in lockstep, ``LANES`` at a time: each step of the network and of the binary
searches is a short loop over all lanes without a branch, which compilers vectorise. One game after
another is bound by mispredicted branches and four times slower. Everything is ``uint64``: signed
indices would bring the code for negative ones into every load.

Only ``compiled`` imports this module, for it needs numba. Whatever other modules define comes in
as an argument: a constant of theirs would stay in the compile cache after it has changed.
"""

from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

LANES = 128

type Words = NDArray[np.uint64]
type Octets = NDArray[np.uint8]

_0, _1, _32 = np.uint64(0), np.uint64(1), np.uint64(32)
_WORDS = types.Array(types.uint64, 1, "C", readonly=True)
_OCTETS = types.Array(types.uint8, 1, "C", readonly=True)

SIGNATURE = types.void(
    types.uint64,
    types.Array(types.uint8, 2, "C"),
    *(_WORDS, _WORDS, _WORDS, _WORDS, _WORDS, _WORDS, _OCTETS, _OCTETS),  # SearchPlan
    *(_WORDS, _WORDS, _WORDS),  # FeistelPlan
)
"""Of ``draw_games``; a read-only array type takes writable arrays too."""


@njit(nogil=True)
def _half_round(half: Any, other: Any, key: Any, modulus: Any, mix_1: Any, mix_2: Any) -> Any:
    mixed = (other + key) * mix_1
    mixed = (mixed ^ (mixed >> _32)) * mix_2
    total = half + (((mixed >> _32) * modulus) >> _32)
    return min(total, total - modulus)


@njit(nogil=True)
def _walk(value: Any, shape: Words, keys: Words, mix: Words) -> Any:
    """Go on along the cycle until the value is one of the space's."""
    a, b, size = shape[0], shape[1], shape[2]
    while value >= size:
        left = value // b
        right = value - left * b
        for turn in range(0, keys.size, 2):
            left = _half_round(left, right, keys[turn], a, mix[0], mix[1])
            right = _half_round(right, left, keys[turn + 1], b, mix[0], mix[1])
        value = left * b + right
    return value


@njit(nogil=True)
def _split(first: Any, b: Any, left: Words, right: Words) -> None:
    """The halves of ``first``, ``first + 1``, …: counting on is cheaper than dividing each."""
    upper = first // b
    lower = first - upper * b
    for lane in range(LANES):
        left[lane] = upper
        right[lane] = lower
        lower += _1
        if lower == b:
            lower = _0
            upper += _1


@njit(nogil=True)
def _mix_halves(left: Words, right: Words, shape: Words, keys: Words, mix: Words) -> None:
    a, b, mix_1, mix_2 = shape[0], shape[1], mix[0], mix[1]
    for turn in range(0, keys.size, 2):
        even, odd = keys[turn], keys[turn + 1]
        for lane in range(LANES):
            half = _half_round(left[lane], right[lane], even, a, mix_1, mix_2)
            left[lane] = half
            right[lane] = _half_round(right[lane], half, odd, b, mix_1, mix_2)


@njit(nogil=True)
def _search(
    base: Any, behind: Words, chosen: Words, at: Words, cells: Words, halves: Words
) -> None:
    """For each lane: the last place of its row with more than ``behind`` completions."""
    for lane in range(LANES):
        at[lane] = base + chosen[lane]
    for turn in range(halves.size):
        half = halves[turn]
        for lane in range(LANES):
            ahead = at[lane] + half
            at[lane] = ahead if cells[ahead] > behind[lane] else at[lane]


@njit(nogil=True)
def _close_gaps(behind: Words, at: Words, gaps: Words, halves: Words) -> None:
    """From indices of the games that are left to ranks: add the number of gaps up to each."""
    for lane in range(LANES):
        at[lane] = _0
    for turn in range(halves.size):
        half = halves[turn]
        for lane in range(LANES):
            ahead = at[lane] + half
            at[lane] = ahead if gaps[ahead - _1] <= behind[lane] else at[lane]
    for lane in range(LANES):
        behind[lane] += at[lane]


@njit(nogil=True)
def _store(games: Octets, start: int, drawn: Octets, fixed: Octets) -> None:
    """Lay the drawn numbers out game by game, merged with the fixed ones."""
    picks = drawn.shape[0]
    lanes = min(LANES, games.shape[0] - start)
    if fixed.size == 0:
        for taken in range(picks):
            for lane in range(lanes):
                games[start + lane, taken] = drawn[taken, lane]
        return
    for lane in range(lanes):
        taken, kept = 0, 0
        for place in range(picks + fixed.size):
            if kept == fixed.size or (taken < picks and drawn[taken, lane] < fixed[kept]):
                games[start + lane, place] = drawn[taken, lane]
                taken += 1
            else:
                games[start + lane, place] = fixed[kept]
                kept += 1


def draw_games(
    first: Any,
    games: Octets,
    cells: Words,
    bases: Words,
    steps: Words,
    halves: Words,
    gaps: Words,
    gap_halves: Words,
    numbers: Octets,
    fixed: Octets,
    shape: Words,
    keys: Words,
    mix: Words,
) -> None:
    """Fill ``games`` with games number ``first``, ``first + 1``, … of the permuted order."""
    b, last, gapped = shape[1], shape[2] - _1, np.uint64(gaps.size)
    left, right = np.empty(LANES, np.uint64), np.empty(LANES, np.uint64)
    behind, chosen = np.empty(LANES, np.uint64), np.empty(LANES, np.uint64)
    at = np.empty(LANES, np.uint64)
    drawn = np.empty((bases.size, LANES), np.uint8)
    for start in range(0, games.shape[0], LANES):
        _split(first + np.uint64(start), b, left, right)
        _mix_halves(left, right, shape, keys, mix)
        for lane in range(LANES):
            behind[lane] = left[lane] * b + right[lane]
            chosen[lane] = _0
        for lane in range(LANES):
            # Past the last game wanted, lanes may lie outside the space: they idle at rank 0.
            if lane >= games.shape[0] - start:
                behind[lane] = _0
            elif behind[lane] > last:
                behind[lane] = _walk(behind[lane], shape, keys, mix)
        if gaps.size:
            _close_gaps(behind, at, gaps, gap_halves)
        for lane in range(LANES):
            behind[lane] = last + gapped - behind[lane]
        for taken in range(bases.size):
            base = bases[taken]
            _search(base, behind, chosen, at, cells, halves)
            for lane in range(LANES):
                behind[lane] -= cells[at[lane] + _1]
                at[lane] = at[lane] - base - chosen[lane] + np.uint64(taken)
            for lane in range(LANES):
                chosen[lane] += steps[at[lane]]
            for lane in range(LANES):
                drawn[taken, lane] = numbers[at[lane]]
        _store(games, start, drawn, fixed)

"""VADER's rules over token ids, compiled.

The rules and their figures are those of Hutto and Gilbert, "VADER: A Parsimonious Rule-based Model
for Sentiment Analysis of Social Media Text" (ICWSM 2014), in the form that vaderSentiment 3.3.2
gives them, its peculiarities included: each step is taken in the same order on the same doubles.

What a token is stands in `Tables`; texts are runs of token ids.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled

type Numbers = NDArray[np.float64]
type Ids = NDArray[np.int32]
type Wholes = NDArray[np.int64]

# What a token is: bits of `Tables.flags`.
KNOWN, CAPS, NEGATION, DEGREE = 1, 2, 4, 8  # in the lexicon; in capitals; negates; a degree word
NO, OR_NOR, NEVER, SO_THIS, WITHOUT, DOUBT = 16, 32, 64, 128, 256, 512
LEAST, AT_VERY, KIND, OF, BUT = 1024, 2048, 4096, 8192, 16384

BOOST = 0.293
_CAPITALS = 0.733
_NEGATED = -0.74
_INTENSIFIED = 1.25
_NEARNESS = (1.0, 0.95, 0.9)  # of a degree word one, two and three words before
_BEFORE_BUT, _AFTER_BUT = 0.5, 1.5

# Columns of a trace: the valence after each rule.
STEPS = (
    "lexicon", "no", "capitals", "degree word 1 before", "negation 1 before",
    "degree word 2 before", "negation 2 before", "degree word 3 before", "negation 3 before",
    "idiom", "least", "but",
)  # fmt: skip
_LEXICON, _NO, _CAPITAL, _FIRST_DISTANCE, _IDIOM, _LEAST = 0, 1, 2, 3, 9, 10

CODE_BITS = 20
"""Of a word's code in a phrase's key."""


class Tables(NamedTuple):
    """What each token id stands for, and the phrases.

    Of each token: its valence, what it adds as a degree word, its flags, its code in phrases
    (0: in none), and how many exclamation and question marks it holds. Of phrases: keys, ascending,
    made of their two or three words' codes, and values.
    """

    valences: Numbers
    boosts: Numbers
    flags: Wholes
    codes: Wholes
    exclamations: NDArray[np.int8]
    questions: NDArray[np.int8]
    idiom_keys: Wholes
    idiom_values: Numbers
    boost_keys: Wholes
    boost_values: Numbers


@compiled
def _find(keys: Wholes, first: Any, second: Any, third: Any) -> Any:
    """Where the phrase is, or -1."""
    key = (((first << CODE_BITS) | second) << CODE_BITS) | third
    low, high = 0, keys.size
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < keys.size and keys[low] == key else -1


@compiled
def _pair(keys: Wholes, first: Any, second: Any) -> Any:
    return _find(keys, first, second, 0) if first and second else -1


@compiled
def _triple(keys: Wholes, first: Any, second: Any, third: Any) -> Any:
    return _find(keys, first, second, third) if first and second and third else -1


@compiled
def _after_idiom(value: Any, tokens: Ids, at: int, tables: Any) -> Any:
    """Idioms that end at the word or before it, then those that begin with it; then phrases such
    as "kind of" before it."""
    codes, keys, values = tables.codes, tables.idiom_keys, tables.idiom_values
    three, two = codes[tokens[at - 3]], codes[tokens[at - 2]]
    one, here = codes[tokens[at - 1]], codes[tokens[at]]
    if not (two or one or here):
        return value
    found = _pair(keys, one, here)
    if found < 0:
        found = _triple(keys, two, one, here)
    if found < 0:
        found = _pair(keys, two, one)
    if found < 0:
        found = _triple(keys, three, two, one)
    if found < 0:
        found = _pair(keys, three, two)
    if found >= 0:
        value = values[found]
    if at + 1 < tokens.size:
        found = _pair(keys, here, codes[tokens[at + 1]])
        if found >= 0:
            value = values[found]
    if at + 2 < tokens.size:
        found = _triple(keys, here, codes[tokens[at + 1]], codes[tokens[at + 2]])
        if found >= 0:
            value = values[found]
    for found in (
        _triple(tables.boost_keys, three, two, one),
        _pair(tables.boost_keys, three, two),
        _pair(tables.boost_keys, two, one),
    ):
        if found >= 0:
            value = value + tables.boost_values[found]
    return value


@compiled
def _after_no(tokens: Ids, at: int, flags: Wholes) -> Any:
    """Whether "no" negates the word: just before it, two before, or as in "no fun or joy"."""
    if at > 0 and flags[tokens[at - 1]] & NO:
        return True
    if at > 1 and flags[tokens[at - 2]] & NO:
        return True
    return at > 2 and flags[tokens[at - 3]] & NO != 0 and flags[tokens[at - 1]] & OR_NOR != 0


@compiled
def _boost(value: Any, flag: Any, boost: Any, mixed: Any) -> Any:
    """What a degree word adds to a valence."""
    if not flag & DEGREE:
        return 0.0
    change = -boost if value < 0 else boost
    if mixed and flag & CAPS:
        change += _CAPITALS if value > 0 else -_CAPITALS
    return change


@compiled
def _negated(value: Any, tokens: Ids, at: int, distance: int, flags: Wholes) -> Any:
    """The valence after a look at the word `distance + 1` before."""
    one = flags[tokens[at - 1]]
    farthest = flags[tokens[at - distance - 1]]
    if distance == 1:
        if farthest & NEVER and one & SO_THIS:
            return value * _INTENSIFIED
        if farthest & WITHOUT and one & DOUBT:
            return value
    elif distance == 2:
        two = flags[tokens[at - 2]]
        if (farthest & NEVER and two & SO_THIS) or one & SO_THIS:
            return value * _INTENSIFIED
        if farthest & WITHOUT and (two | one) & DOUBT:
            return value
    return value * _NEGATED if farthest & NEGATION else value


@compiled
def _word_valence(tokens: Ids, at: int, mixed: Any, tables: Any, trace: Numbers, row: int) -> Any:
    """The valence of a known word among its neighbours; each step goes to `trace[row]`."""
    flags = tables.flags
    here = flags[tokens[at]]
    value = tables.valences[tokens[at]]
    trace[row, _LEXICON] = value
    if here & NO and at + 1 < tokens.size and flags[tokens[at + 1]] & KNOWN:
        value = 0.0
    if _after_no(tokens, at, flags):
        value = tables.valences[tokens[at]] * _NEGATED
    trace[row, _NO] = value
    if mixed and here & CAPS:
        value += _CAPITALS if value > 0 else -_CAPITALS
    trace[row, _CAPITAL] = value
    for distance in range(3):
        column = _FIRST_DISTANCE + 2 * distance
        looks = at > distance and not flags[tokens[at - distance - 1]] & KNOWN
        if looks:
            other = tokens[at - distance - 1]
            change = _boost(value, flags[other], tables.boosts[other], mixed)
            value += change * _NEARNESS[distance]
        trace[row, column] = value
        if looks:
            value = _negated(value, tokens, at, distance, flags)
        trace[row, column + 1] = value
        if looks and distance == 2:
            value = _after_idiom(value, tokens, at, tables)
    trace[row, _IDIOM] = value
    if (
        at > 0
        and flags[tokens[at - 1]] & LEAST
        and not flags[tokens[at - 1]] & KNOWN
        and (at == 1 or not flags[tokens[at - 2]] & AT_VERY)
    ):
        value *= _NEGATED
    trace[row, _LEAST] = value
    return value


@compiled
def _weigh_around(sentiments: Numbers, size: int, but: int) -> None:
    """Halve what comes before "but", raise what comes after. As in the original, a valence is
    sought by its value, so that of equal ones the first is changed each time."""
    for at in range(size):
        value = sentiments[at]
        if value == 0.0:
            continue
        first = 0
        while sentiments[first] != value:
            first += 1
        if first < but:
            sentiments[first] = value * _BEFORE_BUT
        elif first > but:
            sentiments[first] = value * _AFTER_BUT


@compiled
def _fill(tokens: Ids, tables: Any, trace: Numbers, sentiments: Numbers) -> Any:
    """The valence of each token of a text; returns how many words were scored."""
    flags = tables.flags
    size, capitals, but, scored = tokens.size, 0, -1, 0
    for at in range(size):
        flag = flags[tokens[at]]
        if flag & CAPS:
            capitals += 1
        if flag & BUT and but < 0:
            but = at
    mixed = 0 < capitals < size
    for at in range(size):
        flag = flags[tokens[at]]
        sentiments[at] = 0.0
        if flag & DEGREE or not flag & KNOWN:
            continue
        if flag & KIND and at + 1 < size and flags[tokens[at + 1]] & OF:
            continue
        row = min(at, trace.shape[0] - 1)
        sentiments[at] = _word_valence(tokens, at, mixed, tables, trace, row)
        scored += 1
    if but >= 0:
        _weigh_around(sentiments, size, but)
    return scored


@compiled
def fill_sentiments(
    ids: Ids, starts: Wholes, tables: Any, trace: Numbers, sentiments: Numbers, scored: Ids
) -> None:
    """The valence of each token, to `sentiments`, and how many words of each text were `scored`.

    The tokens of text i are `ids[starts[i]:starts[i + 1]]`. `trace`, shape (rows, len(STEPS)), gets
    the steps but the last of each scored word in the row of its place; those beyond share the last.
    """
    for text in range(scored.size):
        first, after = starts[text], starts[text + 1]
        scored[text] = _fill(ids[first:after], tables, trace, sentiments[first:after])

"""From the valences of a text's words to its figures, compiled; rounded as Python rounds.

Normalisation and emphasis are those of Hutto and Gilbert (ICWSM 2014).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled

type Numbers = NDArray[np.float64]
type Ids = NDArray[np.int32]
type Wholes = NDArray[np.int64]
type Marks = NDArray[np.int8]

_EXCLAMATION, _MOST_EXCLAMATIONS = 0.292, 4
_QUESTION, _MANY_QUESTIONS = 0.18, 0.96
_ALPHA = 15.0


@compiled
def emphasis_of(tokens: Ids, exclamations: Marks, questions: Marks) -> Any:
    """What the exclamation and question marks of a text add; `exclamations` and `questions` are
    those of each token id."""
    calls, asks = 0, 0
    for at in range(tokens.size):
        calls += exclamations[tokens[at]]
        asks += questions[tokens[at]]
    emphasis = min(calls, _MOST_EXCLAMATIONS) * _EXCLAMATION
    if asks > 1:
        emphasis += asks * _QUESTION if asks <= 3 else _MANY_QUESTIONS
    return emphasis


@compiled
def compensated_sum(values: Numbers) -> Any:
    """The sum as Python's `sum` has it since 3.12 (Neumaier 1974)."""
    total, lost = 0.0, 0.0
    for at in range(values.size):
        value = values[at]
        after = total + value
        if abs(total) >= abs(value):
            lost += (total - after) + value
        else:
            lost += (value - after) + total
        total = after
    return total + lost


@compiled
def rounded(value: Any, scale: Any) -> Any:
    """`round(value, digits)` with `scale = 10.0 ** digits`: to the nearest decimal, exact ties to
    the even one. What the product loses is found by splitting (Dekker 1971)."""
    size = abs(value)
    product = size * scale
    whole = np.floor(product)
    shifted = 134217729.0 * size
    high = shifted - (shifted - size)
    low = size - high
    lost = (high * scale - product) + low * scale  # exact: `scale` has few bits
    beyond = (product - whole - 0.5) + lost
    if beyond > 0 or (beyond == 0 and whole % 2 == 1):
        whole += 1.0
    return whole / scale if value >= 0 else -(whole / scale)


@compiled
def _fill(sentiments: Numbers, emphasis: Any, figures: Numbers) -> None:
    """Compound, and the shares of positive, neutral and negative, to `figures`."""
    total = compensated_sum(sentiments)
    if total > 0:
        total += emphasis
    elif total < 0:
        total -= emphasis
    positive, negative, neutral = 0.0, 0.0, 0.0
    for at in range(sentiments.size):
        value = sentiments[at]
        if value > 0:
            positive += value + 1.0
        elif value < 0:
            negative += value - 1.0
        else:
            neutral += 1.0
    if positive > -negative:
        positive += emphasis
    elif positive < -negative:
        negative -= emphasis
    whole = positive - negative + neutral
    compound = total / np.sqrt(total * total + _ALPHA)
    figures[0] = rounded(min(1.0, max(-1.0, compound)), 1e4)
    figures[1] = rounded(positive / whole, 1e3)
    figures[2] = rounded(neutral / whole, 1e3)
    figures[3] = rounded(-negative / whole, 1e3)


@compiled
def fill_figures(
    sentiments: Numbers,
    ids: Ids,
    starts: Wholes,
    exclamations: Marks,
    questions: Marks,
    figures: Numbers,
) -> None:
    """Figures of texts: compound, positive, neutral, negative, to `figures`, shape (texts, 4).

    The valences of text i are `sentiments[starts[i]:starts[i + 1]]`; `exclamations` and
    `questions` have the marks of each token id. A text without tokens is 0 throughout.
    """
    for text in range(figures.shape[0]):
        first, after = starts[text], starts[text + 1]
        if first == after:
            figures[text, :] = 0.0
            continue
        emphasis = emphasis_of(ids[first:after], exclamations, questions)
        _fill(sentiments[first:after], emphasis, figures[text])

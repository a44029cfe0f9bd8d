"""The states of a task and the moves between them: a picture and a table."""

import inspect
import re

from django_ray_runtime import states
from django_ray_runtime.states import DJANGO_STATUS, FINAL, MOVES, Move, State, WorkerState

HEAD = """\
# States and moves

<!-- Made by `make reference` from django_ray_runtime/states.py; change that, not this. -->

Every write of a task's row is one of these moves, and names the state from which it starts, the
worker and the attempt: where the row is no longer so, nothing is written. What they promise:
[delivery](../explanation/delivery.md).

![The states of a task, and the moves between them](states.svg)
"""

WIDTH, HEIGHT = 980, 460
BOX = (120, 36)
PLACES = {
    State.SCHEDULED: (250, 70), State.BLOCKED: (250, 170), State.READY: (250, 270),
    State.RUNNING: (520, 270), State.EXPIRED: (830, 70), State.CANCELLED: (830, 170),
    State.FAILED: (830, 270), State.SUCCESSFUL: (680, 350),
}  # fmt: skip

# Of each move: from where, to where, the line, and where its name stands. A test compares them
# with the table.
WAITING, AGAIN = states.WAITING, frozenset({State.FAILED, State.CANCELLED, State.EXPIRED})
RUNNING, READY = frozenset({State.RUNNING}), frozenset({State.READY})
SCHEDULED, BLOCKED = frozenset({State.SCHEDULED}), frozenset({State.BLOCKED})
LINES: tuple[tuple[str, frozenset[State], State, tuple[str, ...], tuple[int, int]], ...] = (
    ("schedule", frozenset(), State.SCHEDULED, ("M40 70 H188",), (80, 62)),
    ("enqueue_keyed", frozenset(), State.BLOCKED, ("M40 170 H188",), (100, 162)),
    ("enqueue", frozenset(), State.READY, ("M40 270 H188",), (80, 262)),
    ("promote_keyed", SCHEDULED, State.BLOCKED, ("M270 88 V150",), (318, 124)),
    ("promote", SCHEDULED, State.READY, ("M196 88 C158 130 158 210 196 250",), (196, 134)),
    ("admit", BLOCKED, State.READY, ("M270 188 V250",), (292, 224)),
    ("claim", READY, State.RUNNING, ("M310 262 H458",), (410, 254)),
    ("hand_back", RUNNING, State.READY, ("M460 278 H312",), (410, 294)),
    ("rescue", RUNNING, State.READY, ("M460 284 H312",), (410, 310)),
    ("retry", RUNNING, State.SCHEDULED, ("M500 252 C490 150 420 84 312 78",), (494, 176)),
    ("succeed", RUNNING, State.SUCCESSFUL, ("M540 288 C550 330 580 350 618 350",), (560, 346)),
    ("fail", RUNNING, State.FAILED, ("M580 270 H768",), (670, 262)),
    ("cancel", WAITING | RUNNING, State.CANCELLED,
     ("M360 170 C420 176 640 178 768 172", "M560 252 C620 190 700 180 768 176"), (640, 166)),
    ("expire", WAITING, State.EXPIRED, ("M360 60 C460 44 660 50 768 66",), (600, 46)),
    ("requeue", AGAIN, State.READY, ("M820 302 C820 450 290 450 250 290",), (430, 386)),
    ("requeue_keyed", AGAIN, State.BLOCKED,
     ("M850 302 C850 520 120 500 134 220 C136 200 150 186 188 178",), (560, 448)),
)  # fmt: skip


def render() -> str:
    """The page."""
    parts = [HEAD, "| state | Django's status | |", "|---|---|---|"]
    words = _words(State)
    parts += [f"| `{state}` | {DJANGO_STATUS[state]} | {words[state]} |" for state in State]
    parts += ["", "| move | from | to |", "|---|---|---|", *map(_row, MOVES), ""]
    parts += ["## Workers", "", "| state | |", "|---|---|"]
    parts += [f"| `{state}` | {words} |" for state, words in _words(WorkerState).items()]
    return "\n".join([*parts, ""])


def draw() -> str:
    """The picture, as SVG."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#555"/></marker></defs>'
    )
    groups = [
        '<rect x="140" y="36" width="220" height="266" rx="8" fill="none" stroke="#bbb" '
        'stroke-dasharray="4 4"/>',
        '<rect x="740" y="36" width="180" height="266" rx="8" fill="none" stroke="#bbb" '
        'stroke-dasharray="4 4"/>',
    ]
    lines = [
        f'<path d="{path}" fill="none" stroke="#555" marker-end="url(#tip)"/>'
        for _, _, _, paths, _ in LINES
        for path in paths
    ]
    names = [
        f'<text x="{x}" y="{y}" text-anchor="middle" fill="#333">{name}</text>'
        for name, _, _, _, (x, y) in LINES
    ]
    return "\n".join([head, *groups, *lines, *map(_box, State), *names, "</svg>", ""])


def _box(state: State) -> str:
    (x, y), (width, height) = PLACES[state], BOX
    fill = (
        "#e8eef4" if state not in FINAL else "#e6f2ea" if state == State.SUCCESSFUL else "#f6e7e9"
    )
    return (
        f'<rect x="{x - width // 2}" y="{y - height // 2}" width="{width}" height="{height}" '
        f'rx="6" fill="{fill}" stroke="#555"/>'
        f'<text x="{x}" y="{y + 4}" text-anchor="middle" font-weight="bold">{state}</text>'
    )


def _row(move: Move) -> str:
    sources = ", ".join(f"`{state}`" for state in State if state in move.sources) or "a new row"
    return f"| `{move.name}` | {sources} | `{move.target}` |"


def _words(kind: type[State] | type[WorkerState]) -> dict[str, str]:
    """What the comment behind each state says."""
    source = inspect.getsource(kind)
    return dict(re.findall(r'^    \w+ = "(\w+)"  # (.+)$', source, re.MULTILINE))

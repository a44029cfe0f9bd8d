"""Short texts about companies whose polarity is known, because it was chosen first."""

import csv
import io

import numpy as np

from ray_services.data.symbols import WRITTEN_ABOUT

FIRST, DAYS = np.datetime64("2022-01-03"), 360
COUNT = 20_000
OPENINGS = {
    1: [
        "Love",
        "So happy with",
        "Really impressed by",
        "Great quarter for",
        "Very strong results,",
    ],
    -1: [
        "Hate",
        "So disappointed by",
        "Really worried about",
        "Terrible quarter for",
        "Awful news,",
    ],
    0: ["Reading about", "The annual report of", "A call with", "Figures of", "Waiting for"],
}
MIDDLES = {
    1: ["the margin looks excellent", "guidance was good and the team is confident",
        "customers are not unhappy at all", "the dividend is safe and growing nicely"],
    -1: ["the margin looks horrible", "guidance was bad and the team seems lost",
         "customers are not happy at all", "the dividend is at risk and debt is a problem"],
    0: ["the meeting is on Tuesday", "the filing has ninety pages", "the table is on page four",
        "the office moved to another street"],
}  # fmt: skip
TURNS = {
    1: ["but the outlook got even better", "and I am glad I waited"],
    -1: ["but the outlook got much worse", "and I regret that I waited"],
    0: ["and the next one follows in March", "which is the usual date"],
}
ENDINGS = {1: ["!", "!!", " :)", "."], -1: [".", "...", " :(", "!"], 0: [".", "", "."]}


def make_texts(rng: np.random.Generator, count: int = COUNT) -> list[tuple[str, int]]:
    """Texts of some hundred characters, each with its polarity: 1, -1 or 0."""
    polarities = rng.choice([1, -1, 0], count, p=[0.4, 0.35, 0.25])
    symbols = rng.choice(WRITTEN_ABOUT, count)
    dice = rng.integers(0, 1 << 30, (count, 5))
    return [
        (_text(int(polarity), str(symbol), [int(one) for one in row]), int(polarity))
        for polarity, symbol, row in zip(polarities, symbols, dice, strict=True)
    ]


def _text(polarity: int, symbol: str, dice: list[int]) -> str:
    parts = [
        options[polarity][die % len(options[polarity])]
        for options, die in zip([OPENINGS, MIDDLES, TURNS, ENDINGS], dice, strict=False)
    ]
    opening = parts[0].upper() if dice[4] % 9 == 0 else parts[0]
    return f"{opening} ${symbol}: {parts[1]}, {parts[2]}{parts[3]}"


def make_corpus(rng: np.random.Generator) -> str:
    """The file's text: id, date, text, polarity."""
    days = FIRST + np.sort(rng.integers(0, DAYS, COUNT))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["id", "date", "text", "polarity"])
    for number, (text, polarity) in enumerate(make_texts(rng)):
        writer.writerow([number, str(days[number]), text, polarity])
    return file.getvalue()

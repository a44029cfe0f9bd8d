"""What people wrote about 85 companies, by the day: counts, with the gaps that such files have."""

import numpy as np

from ray_services.data.symbols import WRITTEN_ABOUT

FIRST, AFTER = np.datetime64("2021-11-18"), np.datetime64("2023-01-05")
ROWS, WITHOUT_SENTIMENT, WITHOUT_LIKES = 27_235, 4_240, 43


def make_engagement(rng: np.random.Generator) -> str:
    """The file's text, by day and symbol."""
    days = np.arange(FIRST, AFTER)
    cells = len(days) * len(WRITTEN_ABOUT)
    chosen = np.sort(rng.choice(cells, ROWS, replace=False))
    fame = rng.lognormal(3.0, 1.2, len(WRITTEN_ABOUT))  # posts a day
    mood = rng.uniform(0.1, 0.45, len(WRITTEN_ABOUT))
    day, symbol = chosen // len(WRITTEN_ABOUT), chosen % len(WRITTEN_ABOUT)
    posts = np.maximum(1, rng.poisson(fame[symbol] * rng.lognormal(0, 0.4, ROWS)))
    comments = rng.poisson(posts * rng.lognormal(0.4, 0.6, ROWS))
    likes = np.maximum(1, rng.poisson(posts * rng.lognormal(1.6, 0.7, ROWS)))
    likes[rng.choice(ROWS, WITHOUT_LIKES, replace=False)] = 0
    impressions = np.round(posts * rng.lognormal(7.5, 0.8, ROWS))
    sentiment = np.clip(rng.normal(mood[symbol], 0.12), 0.0, 0.81)
    silent = np.zeros(ROWS, bool)
    silent[rng.choice(ROWS, WITHOUT_SENTIMENT, replace=False)] = True
    lines = [
        "date,symbol,twitterPosts,twitterComments,twitterLikes,twitterImpressions,twitterSentiment"
    ]
    for row in range(ROWS):
        felt = "" if silent[row] else f"{sentiment[row]:.4f}"
        lines.append(
            f"{days[day[row]]},{WRITTEN_ABOUT[symbol[row]]},{posts[row]}.0,{comments[row]}.0,"
            f"{likes[row]}.0,{impressions[row]:.1f},{felt}"
        )
    return "\n".join(lines) + "\n"

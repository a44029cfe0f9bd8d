"""The task that procrastinate runs."""

from procrastinate.contrib.django import app


@app.task
def nothing() -> None:
    """The cheapest task there is."""

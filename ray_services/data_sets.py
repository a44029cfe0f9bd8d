"""Uploaded data sets: checked as a whole, stored by what is in them, seen by their owner alone."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.db import transaction

from ray_services import storing
from ray_services.common.errors import BadInput
from ray_services.common.tables import MOST_BYTES
from ray_services.models import DataSet

MOST_SETS = 100
"""Data sets of one owner."""
KINDS = ("engagement", "prices", "daily", "bars", "texts", "factors")
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Looked:
    """What reading a file found."""

    sha256: str
    rows: int
    about: dict[str, Any]


def add(
    owner: str,
    kind: str,
    name: str,
    content: bytes,
    on_new: Callable[[DataSet], None] = lambda _: None,
) -> tuple[DataSet, bool]:
    """Store a file as a data set; whether it is new. The same again changes nothing.

    `on_new` is called in the transaction of a new one. It is a short one: reading the file, which
    may take seconds, comes before.
    Raises BadInput for what is not of its kind, with column and row, and for one too many.
    """
    if len(content) > MOST_BYTES:
        raise BadInput(
            f"{name} has {len(content):,} bytes; up to {MOST_BYTES:,} are taken.", field="file"
        )
    looked = look(kind, name, content)
    mine = DataSet.objects.filter(owner=owner)
    found = mine.filter(kind=kind, sha256=looked.sha256).first()
    if found is not None:
        return found, False
    if mine.count() >= MOST_SETS:
        raise BadInput(
            f"you have {MOST_SETS} data sets, as many as are kept.",
            field="file",
            remedy="Delete one first.",
        )
    storing.store_data(looked.sha256, content)
    with transaction.atomic():
        found, new = DataSet.objects.get_or_create(
            owner=owner,
            kind=kind,
            sha256=looked.sha256,
            defaults={
                "name": name,
                "size": len(content),
                "rows": looked.rows,
                "about": looked.about,
            },
        )
        if new:
            on_new(found)
    return found, new


def data_sets_of(owner: str, *kinds: str) -> list[DataSet]:
    """This owner's, newest first; of these kinds where any are named."""
    mine = DataSet.objects.filter(owner=owner).order_by("-id")
    return list((mine.filter(kind__in=kinds) if kinds else mine)[:MOST_SETS])


def remove(owner: str, sha256: str) -> bool:
    """Whether there was one. Calculations that still wait for it will fail."""
    gone, _ = DataSet.objects.filter(owner=owner, sha256=sha256).delete()
    return bool(gone)


def content_of(owner: str, kind: str, sha256: str) -> Callable[[], bytes]:
    """What reads a data set of this owner. Raises BadInput where there is none."""
    if not DataSet.objects.filter(owner=owner, kind=kind, sha256=sha256).exists():
        raise _gone(kind, sha256)

    def read() -> bytes:
        try:
            with storing.open_data(sha256) as file:
                found: bytes = file.read()
                return found
        except FileNotFoundError:
            raise _gone(kind, sha256) from None

    return read


def _gone(kind: str, sha256: str) -> BadInput:
    return BadInput(
        f"there is no data set {sha256} of yours of the kind {kind}.",
        field="data",
        remedy="Upload it to POST /data-sets, which tells its SHA-256.",
    )


def look(kind: str, name: str, content: bytes) -> Looked:
    """Read a file as its kind, all of it; one at a time in a process, as it may take hundreds of
    megabytes. Raises BadInput."""
    if kind not in KINDS:
        raise BadInput(f"expected one of {', '.join(KINDS)}, got {kind!r}.", field="kind")
    readers: dict[str, Callable[[str, bytes], Looked]] = {
        "engagement": _engagement, "prices": _prices, "daily": _daily, "bars": _bars,
        "texts": _texts, "factors": _factors,
    }  # fmt: skip
    with _one_at_a_time:
        return readers[kind](name, content)


def _engagement(name: str, content: bytes) -> Looked:
    from ray_services.sentiment_analyzer.records import read_records

    found = read_records(content, name)
    span = {"first": str(found.dates.min()), "last": str(found.dates.max())}
    return Looked(found.sha256, len(found), span | {"tickers": len(found.symbols)})


def _prices(name: str, content: bytes) -> Looked:
    from ray_services.common.prices import read_prices

    panel = read_prices(content, name)
    span = {"first": str(panel.dates[0]), "last": str(panel.dates[-1])}
    rows = len(panel.dates) * len(panel.tickers)
    return Looked(panel.sha256, rows, span | {"tickers": len(panel.tickers)})


def _daily(name: str, content: bytes) -> Looked:
    from ray_services.own_data import read_daily

    table = read_daily(content, name)
    days = table["Date"]
    return Looked(table.sha256, table.rows, {"first": str(days[0]), "last": str(days[-1])})


def _bars(name: str, content: bytes) -> Looked:
    from ray_services.intraday_strategy.bars import read_bars

    found = read_bars(content, name=name)
    span = {"first": str(found.days[0]), "last": str(found.days[-1])}
    return Looked(found.sha256, len(found), span)


def _texts(name: str, content: bytes) -> Looked:
    from ray_services.sentiment_analyzer.corpus import read_corpus

    found = read_corpus(content, name)
    return Looked(found.sha256, len(found.texts), {"dated": found.dates is not None})


def _factors(name: str, content: bytes) -> Looked:
    from ray_services.portfolio_manager.monthly_factors import read_factors

    table = read_factors(content, name)
    months = table["date"]
    return Looked(table.sha256, table.rows, {"first": str(months[0]), "last": str(months[-1])})

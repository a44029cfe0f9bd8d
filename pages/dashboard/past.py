"""What finished lately, as charts: how many, how long they waited, how long they ran."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_ray_runtime.history import SAMPLE, Bucket, History, Quantiles, history
from pages.charts import Series, bar_chart, xy_chart
from pages.templatetags.shown import duration, grouped

SHORTEST_CHOICE = "15m"
LONGEST_REUSE = 30.0


@dataclass(frozen=True, slots=True)
class Span:
    """How far back somebody looks, in buckets of so many seconds; both in words, too."""

    name: "str | Promise"
    bucket_name: "str | Promise"
    bucket_seconds: int
    buckets: int


SPANS = {
    "15m": Span(gettext_lazy("15 minutes"), gettext_lazy("1 minute"), 60, 15),
    "1h": Span(gettext_lazy("1 hour"), gettext_lazy("3 minutes"), 180, 20),
    "24h": Span(gettext_lazy("24 hours"), gettext_lazy("1 hour"), 3600, 24),
}


def past(chosen: str) -> dict[str, Any]:
    """What the template shows; another name than those of `SPANS` is taken for the shortest."""
    key = chosen if chosen in SPANS else SHORTEST_CHOICE
    found = _read(key)
    return {
        "spans": SPANS,
        "span": key,
        "bucket": SPANS[key].bucket_name,
        "past": found,
        "sample": SAMPLE,
        "charts": _charts(found, str(SPANS[key].bucket_name)),
        # The charts have numbers that differ each time they are drawn.
        "drawn_from": (key, found),
    }


def _read(key: str) -> History:
    """All who watch share a reading for a small part of a bucket."""
    span = SPANS[key]
    reuse = min(LONGEST_REUSE, span.bucket_seconds / 20)
    name = f"pages.dashboard.past.{key}"
    found: History | None = cache.get(name)
    if found is None:
        found = history(span.bucket_seconds, span.buckets)
        cache.set(name, found, reuse)
    return found


def _charts(found: History, bucket: str) -> list[SafeString]:
    return [
        _bars(found, bucket, _("Successful tasks"), "c3", lambda bucket: bucket.successful),
        _bars(found, bucket, _("Failed tasks"), "c2", lambda bucket: bucket.failed),
        _lines(found, _("How long tasks waited"), found.wait, lambda bucket: bucket.wait),
        _lines(found, _("How long tasks ran"), found.run, lambda bucket: bucket.run),
    ]


def _bars(
    found: History, bucket_name: str, title: str, color: str, count: Callable[[Bucket], int]
) -> SafeString:
    bars = [
        (timezone.localtime(bucket.since).strftime("%H:%M"), count(bucket))
        for bucket in found.buckets
    ]
    counts = [count(bucket) for bucket in found.buckets]
    described = _("%(n)s in all, at most %(most)s within %(time)s.") % {
        "n": grouped(sum(counts)),
        "most": grouped(max(counts)),
        "time": bucket_name,
    }
    return bar_chart(title, bars, described=described, color=color, x_label=_clock_name())


def _lines(
    found: History,
    title: str,
    overall: Quantiles | None,
    times: Callable[[Bucket], Quantiles | None],
) -> SafeString:
    if overall is None:
        return xy_chart(title, [], described=_("Nothing finished."))
    moments = [bucket.since for bucket in found.buckets]
    known = [times(bucket) for bucket in found.buckets]
    series = [
        Series(_("95 of 100"), moments, [one.p95 if one else None for one in known], "line", "c2"),
        Series(_("half"), moments, [one.p50 if one else None for one in known], "line", "c1"),
    ]
    described = _("Half within %(half)s, 95 of 100 within %(most)s.") % {
        "half": duration(overall.p50),
        "most": duration(overall.p95),
    }
    return xy_chart(
        title, series, described=described, x_label=_clock_name(), unit="\u00a0s", zero=True
    )


def _clock_name() -> str:
    return _("time of day, %(zone)s") % {"zone": timezone.get_current_timezone_name()}

"""The alerts and the dashboard name only what the metrics page really shows, and fire rightly."""

import json
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from django_ray_runtime.store import Liveness, Store
from tests.contracts.test_metrics_page import page, work
from tests.promql import grouped_by, metrics_in
from tests.support import ROOT

pytestmark = pytest.mark.any_database

RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "django-on-ray.json"
RUNBOOK = ROOT / "docs" / "howto" / "runbook.md"
# Prometheus adds these itself.
ITS_OWN = {"up": {"job": {"django-on-ray"}, "instance": set()}}
# Their values differ from site to site; those of all others are known.
OPEN = {"queue", "worker", "instance"}

type Shown = dict[str, dict[str, set[str]]]
promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool is not installed (Debian: package prometheus)"
)


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    return json.loads(DASHBOARD.read_text())


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


@pytest.fixture
def shown(store: Store, liveness: Liveness, worker: str) -> Shown:
    """The metrics of the page by name, with the values of each label."""
    work(liveness, worker)
    found: Shown = defaultdict(lambda: defaultdict(set))
    for family in text_string_to_metric_families(page().content.decode()):
        for sample in family.samples:
            for label, value in sample.labels.items():
                found[sample.name][label].add(value)
    return {**found, **ITS_OWN}


def test_rules_and_panels_name_metrics_and_labels_that_the_page_shows(shown: Shown) -> None:
    for expression in expressions():
        named = metrics_in(expression)
        assert named, expression
        for metric, matchers in ((one.metric, one.matchers) for one in named):
            assert metric in shown, f"{metric} is not on the page: {expression}"
            for label, how, value in matchers:
                assert label in shown[metric], f"{metric} has no {label}: {expression}"
                if label not in OPEN and how in {"=", "=~"}:
                    wanted = value.split("|") if how == "=~" else [value]
                    assert set(wanted) <= shown[metric][label], f"no {value}: {expression}"
        known = {label for one in named for label in shown[one.metric]}
        assert grouped_by(expression) <= known, expression


@pytest.mark.parametrize(
    ("expression", "metrics", "labels"),
    [
        ('sum by (queue) (rate(a_total{x=~"by|on"}[5m])) > 0.1', ["a_total"], {"queue"}),
        ('max(a{s="b c"}) == 0 unless on (q) b offset 5m', ["a", "b"], {"q"}),
        ("histogram_quantile(0.9, sum by (le) (rate(a_bucket[$__rate_interval])))",
         ["a_bucket"], {"le"}),
        ("misspelt and absent(other)", ["misspelt", "other"], set()),
    ],
)  # fmt: skip
def test_what_an_expression_names_is_found(
    expression: str, metrics: list[str], labels: set[str]
) -> None:
    assert [one.metric for one in metrics_in(expression)] == metrics
    assert grouped_by(expression) == labels


def test_every_metric_of_the_queue_is_on_the_dashboard(shown: Shown) -> None:
    targets = [target["expr"] for panel in panels() for target in panel["targets"]]
    used = {_family(one.metric) for text in targets for one in metrics_in(text)}
    assert {_family(name) for name in shown} - used == {"up"}


def test_every_alert_says_how_urgent_it_is_and_leads_to_the_runbook() -> None:
    headings = re.findall(r"^## (.+)$", RUNBOOK.read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings}
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)) > 8
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        address, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert ROOT / address == RUNBOOK
        assert anchor in anchors, f"the runbook has no {anchor}"


def test_every_alert_is_on_the_page_about_monitoring() -> None:
    page = (ROOT / "docs" / "howto" / "monitor.md").read_text()
    assert [rule["alert"] for rule in rules() if f"| `{rule['alert']}` |" not in page] == []


def test_the_dashboard_can_be_imported() -> None:
    """As Grafana reads it: panels with ids of their own that do not overlap, each with targets
    of the data source that is chosen on top."""
    everything = dashboard()["panels"]
    ids = [panel["id"] for panel in everything]
    assert len(ids) == len(set(ids))
    variables = {variable["name"]: variable for variable in dashboard()["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    assert [one.metric for one in metrics_in(variables["queue"]["definition"])][:1]
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    for panel in panels():
        assert panel["title"]
        assert panel["datasource"] == chosen
        assert panel["targets"]
        letters = [target["refId"] for target in panel["targets"]]
        assert len(letters) == len(set(letters))
        assert all(target["datasource"] == chosen for target in panel["targets"])
    cells = [cell for panel in everything for cell in _cells(panel["gridPos"])]
    assert len(cells) == len(set(cells)), "panels lie over each other"
    assert all(x < 24 for x, _ in cells)


def _family(metric: str) -> str:
    return re.sub(r"_(bucket|sum|count)$", "", metric)


def _cells(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            yield x, y


@promtool
def test_prometheus_reads_the_rules() -> None:
    checked(["promtool", "check", "rules", RULES.name])


@pytest.mark.slow
@promtool
def test_the_alerts_fire_when_they_should_and_not_else() -> None:
    cases = yaml.safe_load(RULES.with_name("rules.test.yml").read_text())["tests"]
    asked = [one for case in cases for one in case["alert_rule_test"]]
    fired = {one["alertname"] for one in asked if one["exp_alerts"]}
    quiet = {one["alertname"] for one in asked if not one["exp_alerts"]}
    assert fired == quiet == {rule["alert"] for rule in rules()}
    checked(["promtool", "test", "rules", "rules.test.yml"])


@promtool
def test_prometheus_can_read_every_panel_s_expression(tmp_path: Any) -> None:
    texts = [target["expr"] for panel in panels() for target in panel["targets"]]
    texts = [text.replace("$__rate_interval", "5m").replace("$queue", ".*") for text in texts]
    recorded = [{"record": f"panel:{n}", "expr": text} for n, text in enumerate(texts)]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))
    checked(["promtool", "check", "rules", str(file)])


def checked(command: list[str]) -> None:
    run = subprocess.run(command, cwd=RULES.parent, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr

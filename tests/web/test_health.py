import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import DateTimeField, ExpressionWrapper, Value
from django.db.models.functions import Now
from django.test import Client

from django_ray_runtime.models import Worker
from django_ray_runtime.states import WorkerState
from django_ray_runtime.store import Liveness

PATHS = ["/healthz", "/readyz"]


def verdicts(client: Client, status: int) -> dict[str, bool]:
    answer = client.get("/readyz")
    assert answer.status_code == status, answer.content
    content = answer.json()
    assert content["ready"] == (status == 200)
    return {name: check["ok"] for name, check in content["checks"].items()}


def test_healthz_needs_no_database(client: Client) -> None:
    # Without the mark, pytest-django refuses every query.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
class TestReadiness:
    def test_it_is_ready_with_a_worker(self, client: Client, liveness: Liveness) -> None:
        liveness.register("host:1:a", ["default"])
        assert verdicts(client, 200) == {"database": True, "migrations": True, "worker": True}

    def test_it_is_not_ready_without_one(self, client: Client) -> None:
        assert verdicts(client, 503) == {"database": True, "migrations": True, "worker": False}

    @pytest.mark.parametrize("state", [WorkerState.STOPPED, WorkerState.DEAD])
    def test_a_worker_that_ended_does_not_count(
        self, state: WorkerState, client: Client, liveness: Liveness
    ) -> None:
        liveness.register("host:1:a", ["default"])
        liveness.move("host:1:a", state)
        assert verdicts(client, 503)["worker"] is False

    @pytest.mark.parametrize(("seconds", "status"), [(11, 200), (13, 503)])
    def test_a_heartbeat_counts_for_dead_after_seconds(
        self, seconds: int, status: int, client: Client, liveness: Liveness
    ) -> None:
        liveness.register("host:1:a", ["default"])
        past = ExpressionWrapper(
            Now() - Value(timedelta(seconds=seconds)), output_field=DateTimeField()
        )
        Worker.objects.update(last_beat=past)
        assert verdicts(client, status)["worker"] is (status == 200)

    def test_a_missing_migration_is_told(self, client: Client, liveness: Liveness) -> None:
        liveness.register("host:1:a", ["default"])
        recorder = MigrationRecorder(connection)
        [last] = MigrationLoader(connection).graph.leaf_nodes("project")
        recorder.record_unapplied(*last)
        try:
            found = verdicts(client, 503)
        finally:  # no flush brings it back for the tests that follow
            recorder.record_applied(*last)
        assert found == {"database": True, "migrations": False, "worker": True}

    @pytest.mark.parametrize("path", PATHS)
    def test_it_is_read_only_and_never_cached(self, path: str, client: Client) -> None:
        assert client.post(path).status_code == 405
        assert client.head(path).content == b""
        assert "no-cache" in client.get(path).headers["Cache-Control"]


@pytest.mark.django_db
def test_a_database_that_does_not_answer_is_told_without_its_address(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    broken = connections.create_connection("default")
    nowhere = {"NAME": str(tmp_path / "no" / "such.db")}
    if broken.vendor == "postgresql":
        nowhere = {"HOST": "127.0.0.1", "PORT": "1", "USER": "such"}
    broken.settings_dict = {**broken.settings_dict, **nowhere}
    monkeypatch.setattr("django_ray_runtime.health.connections", {"default": broken})
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == {
        "ok": False,
        "detail": "no answer from: default",
    }
    assert "such" not in json.dumps(answer.json())

"""prune_tasks, its texts and what it deletes."""

from typing import Any

import pytest

from django_ray_runtime import bulk
from django_ray_runtime.states import State
from django_ray_runtime.store import Store
from generation.models import GenerationJob
from tests.contracts.steps import ended, printed, states


def test_old_tasks_are_pruned_by_the_settings_ages(store: Store) -> None:
    old, young = ended(State.SUCCESSFUL, days=8), ended(State.SUCCESSFUL, days=6)
    failure = ended(State.FAILED, days=8)
    shown = printed("prune_tasks").splitlines()
    assert set(states()) == {young.id, failure.id}
    assert old.id not in states()
    assert [line.split() for line in shown[:4]] == [
        ["cancelled", "older", "than", "7", "days"],
        ["expired", "older", "than", "7", "days"],
        ["failed", "older", "than", "30", "days"],
        ["successful", "older", "than", "7", "days"],
    ]
    assert shown[4] == "Deleted 1 task."


def test_state_and_age_can_be_given(store: Store) -> None:
    ended(State.SUCCESSFUL, days=2)
    kept = ended(State.FAILED, days=0.5), ended(State.CANCELLED, days=2)
    ended(State.FAILED, days=2)
    printed("prune_tasks", "--state", "failed", "--state", "successful", "--older-than", "1d")
    assert set(states()) == {row.id for row in kept}


def test_a_dry_run_deletes_nothing(store: Store) -> None:
    ended(State.SUCCESSFUL, days=8)
    assert "1 task would be deleted." in printed("prune_tasks", "--dry-run")
    assert len(states()) == 1


def test_what_is_protected_is_left_and_told(store: Store) -> None:
    protected = ended(State.SUCCESSFUL, days=8)
    ended(State.SUCCESSFUL, days=8)
    GenerationJob.objects.create(
        task=protected, lottery="mega-sena", constraints={}, quantity=1, file_format="csv"
    )
    shown = printed("prune_tasks")
    assert "Deleted 1 task." in shown
    assert "Left out 1 old task that another model protects." in shown
    assert set(states()) == {protected.id}


def test_batches_have_a_pause_between_them(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_ray_runtime.store.pruning.BATCH", 2)
    for _ in range(5):
        ended(State.SUCCESSFUL, days=8)
    pauses: list[float] = []
    ages = bulk.ages_of((), None)
    assert list(bulk.prune_all(ages, 0.2, pauses.append)) == [2, 2, 1]
    assert pauses == [0.2, 0.2, 0.2]


def test_a_state_that_is_kept_for_ever_is_told(store: Store, settings: Any) -> None:
    settings.DJANGO_RAY_RUNTIME = {"KEEP_FAILED_SECONDS": None}
    ended(State.FAILED, days=400)
    assert "kept for ever (give --older-than)" in printed("prune_tasks", "--state", "failed")
    assert len(states()) == 1

"""Workers are told of what they can claim. Runs on SQLite and on PostgreSQL."""

import queue
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from django_ray_runtime import control
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.records import Outcome
from django_ray_runtime.states import State
from django_ray_runtime.store import Store, get_waiting
from django_ray_runtime.store.notices import Notice
from django_ray_runtime.worker.listener import Listener
from tests import tasks
from tests.relay import Relay
from tests.support import wait_until


def test_a_listener_hears_of_what_is_committed_and_of_nothing_else(store: Store) -> None:
    rings: queue.Queue[Notice] = queue.Queue()
    listener = Listener(store.alias, rings.put)
    listener.start()
    try:
        wait_until(lambda: listener.hears, "notices arrive")
        assert listener.patience(0.5) > 0.5
        empty(rings)
        with pytest.raises(RuntimeError, match="undo"), transaction.atomic():
            tasks.nothing.enqueue()
            raise RuntimeError("undo")
        with pytest.raises(queue.Empty):
            rings.get(timeout=0.2)
        tasks.nothing.enqueue()
        wait_until(lambda: Notice.NOW in empty(rings), "it hears of the task")
        tasks.nothing.using(run_after=timezone.now() + timedelta(hours=1)).enqueue()
        wait_until(lambda: Notice.LATER in empty(rings), "it hears of the deferred task")
    finally:
        listener.stop()
    assert listener.patience(0.5) == 0.5


def test_a_connection_that_died_without_a_word_is_no_longer_believed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = connections[store.alias].settings_dict
    if connections[store.alias].vendor != "postgresql" or not settings["HOST"]:
        pytest.skip("only PostgreSQL is listened to through a connection, here by TCP")
    monkeypatch.setattr("django_ray_runtime.worker.listener.ASK_SECONDS", 0.2)
    monkeypatch.setattr("django_ray_runtime.worker.listener.ANSWER_SECONDS", 0.3)
    with Relay(settings["HOST"], int(settings["PORT"] or 5432)) as relay:
        through = {**settings, "HOST": "127.0.0.1", "PORT": str(relay.port)}
        direct = Listener._ask  # others send their notices by ways that still work
        monkeypatch.setitem(connections.settings, store.alias, through)

        def ask(self: Listener, payload: str) -> None:
            with monkeypatch.context() as patch:
                patch.setitem(connections.settings, store.alias, settings)
                direct(self, payload)

        monkeypatch.setattr(Listener, "_ask", ask)
        listener = Listener(store.alias, lambda _: None)
        listener.start()
        try:
            wait_until(lambda: listener.hears, "notices arrive")
            relay.silent.set()
            wait_until(lambda: not listener.hears, "it is noticed")
            assert listener.patience(0.5) == 0.5
            relay.silent.clear()
            wait_until(lambda: listener.hears, "it listens anew")
        finally:
            listener.stop()


def empty(rings: "queue.Queue[Notice]") -> list[Notice]:
    """What is in it, taken out."""
    found: list[Notice] = []
    while not rings.empty():
        found.append(rings.get())
    return found


@pytest.mark.parametrize(
    ("what", "told"),
    [("requeue", Notice.NOW), ("resume", Notice.NOW), ("retry", Notice.LATER),
     ("hand back", Notice.NOW), ("promote", Notice.NOW), ("expiring", Notice.LATER),
     ("keyed", Notice.NOW)],
)  # fmt: skip
def test_workers_are_told_of_all_that_they_can_claim_or_must_look_at(
    store: Store, worker: str, what: str, told: Notice, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Notice] = []

    def note(alias: str, notice: Notice = Notice.NOW) -> None:
        heard.append(notice)

    def ended(state: State) -> None:
        [claim] = store.claim(["default"], 1, worker)
        store.finish_many(worker, [Outcome(id=claim.id, attempt=claim.attempt, state=state)])

    soon = timezone.now() + timedelta(hours=1)
    if what in {"requeue", "retry", "hand back"}:
        tasks.nothing.enqueue()
    if what == "requeue":
        ended(State.FAILED)
    if what == "promote":
        tasks.nothing.using(run_after=soon).enqueue()
        QueuedTask.objects.update(run_after=timezone.now() - timedelta(seconds=1))
    if what == "resume":
        control.pause_queue("default")
    for module in ("base", "control", "waiting"):
        monkeypatch.setattr(f"django_ray_runtime.store.{module}.announce", note)
    act: dict[str, Callable[[], object]] = {
        "requeue": lambda: control.requeue(QueuedTask.objects.get().id),
        "resume": lambda: control.resume_queue("default"),
        "retry": lambda: ended(State.SCHEDULED),
        "hand back": lambda: ended(State.READY),
        "promote": lambda: get_waiting().promote(),
        "expiring": lambda: tasks.nothing.using(expires_in=60).enqueue(),
        "keyed": lambda: tasks.of_user.enqueue("a"),
    }
    act[what]()
    assert told in heard

"""The queue's tables. Only `store/` writes them; everyone may read."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from django_ray_runtime.ids import uuid7
from django_ray_runtime.states import FINAL, LIVING, State, WorkerState
from django_ray_runtime.ticks import Missed


def _choices(names: type[State] | type[WorkerState]) -> list[tuple[str, str]]:
    return [(name.value, name.value.capitalize()) for name in names]


class QueuedTaskQuerySet(models.QuerySet["QueuedTask"]):
    def ready(self) -> Self:
        return self.filter(state=State.READY)

    def running(self) -> Self:
        return self.filter(state=State.RUNNING)

    def finished(self) -> Self:
        return self.filter(state__in=FINAL)


class QueuedTask(models.Model):
    """One enqueued call of a task: its arguments, its state, its outcome."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    state = models.CharField(max_length=10, choices=_choices(State), default=State.READY)
    task_path = models.TextField(help_text="Dotted path of the task.")
    args = models.JSONField(default=list)
    kwargs = models.JSONField(default=dict)
    backend = models.CharField(max_length=64, default="default")
    queue_name = models.CharField(max_length=64, default="default")
    priority = models.SmallIntegerField(default=0)
    enqueued_at = models.DateTimeField(db_default=Now())
    run_after = models.DateTimeField(null=True)

    worker = models.CharField(max_length=64, null=True, help_text="Who runs it now.")  # noqa: DJ001
    attempt = models.PositiveIntegerField(
        default=0, help_text="Number of the run, counted when claimed; part of the fence."
    )
    losses = models.PositiveIntegerField(
        default=0, help_text="How many of its runs ended with a lost worker or Ray process."
    )
    worker_ids = models.JSONField(default=list, help_text="The worker of each run, in order.")
    started_at = models.DateTimeField(null=True)
    last_attempted_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    return_value = models.JSONField(null=True)

    objects = QueuedTaskQuerySet.as_manager()

    class Meta:
        indexes = [
            # The claim reads exactly this, in this order: finished and deferred rows are
            # not in its path however many there are.
            models.Index(
                "queue_name",
                models.F("priority").desc(),
                "id",
                name="drr_task_claimable",
                condition=Q(state=State.READY),
            ),
            models.Index("run_after", name="drr_task_due", condition=Q(state=State.SCHEDULED)),
            models.Index("worker", name="drr_task_running", condition=Q(state=State.RUNNING)),
        ]
        constraints = [
            models.CheckConstraint(
                name="drr_task_worker_while_running",
                condition=Q(state=State.RUNNING, worker__isnull=False)
                | (~Q(state=State.RUNNING) & Q(worker__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_path} {self.id} ({self.state})"


class Attempt(models.Model):
    """A run that did not succeed, and why."""

    task = models.ForeignKey(QueuedTask, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    worker = models.CharField(max_length=64)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(db_default=Now())
    exception_class_path = models.TextField()
    traceback = models.TextField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["task", "number"], name="drr_attempt_once"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.task_id}: {self.exception_class_path}"


class WorkerQuerySet(models.QuerySet["Worker"]):
    def living(self) -> Self:
        return self.filter(state__in=LIVING)


class Worker(models.Model):
    """One boot of a worker process. Its supervisor beats `last_beat` while it lives."""

    id = models.CharField(max_length=64, primary_key=True)
    state = models.CharField(
        max_length=10, choices=_choices(WorkerState), default=WorkerState.STARTING
    )
    queues = models.JSONField(default=list)
    executor = models.CharField(max_length=16, default="")
    concurrency = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(db_default=Now())
    last_beat = models.DateTimeField(db_default=Now())
    steady_since = models.DateTimeField(
        db_default=Now(), help_text="Since when its heartbeats came without a gap."
    )
    ended_at = models.DateTimeField(null=True)

    objects = WorkerQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.id} ({self.state})"


class PeriodicTask(models.Model):
    """A schedule as the workers keep it: when it is due next, and what ran last."""

    name = models.CharField(max_length=255, primary_key=True)
    task_path = models.TextField(help_text="Dotted path of the task.")
    schedule = models.CharField(max_length=200, help_text="For people: the ticks as declared.")
    missed = models.CharField(
        max_length=8, choices=[(policy.value, policy.value) for policy in Missed]
    )
    enabled = models.BooleanField(default=True)
    next_run_at = models.DateTimeField(
        null=True, help_text="The next tick. Empty while disabled, and until a worker computes it."
    )
    last_run_at = models.DateTimeField(null=True, help_text="When it was last enqueued.")
    last_task = models.UUIDField(
        null=True, help_text="What was enqueued then; its row may have been pruned since."
    )
    declared_at = models.DateTimeField(
        db_default=Now(), help_text="Since when the declaration is as it is."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.schedule})"

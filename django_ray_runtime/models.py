"""The queue's tables. Only `store/` writes them; everyone may read."""

from typing import Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from django_ray_runtime.ids import uuid7
from django_ray_runtime.states import ADMITTED, FINAL, LIVING, WAITING, State, WorkerState
from django_ray_runtime.ticks import Missed

FINAL_STATES, WAITING_STATES, ADMITTED_STATES = (
    sorted(states) for states in (FINAL, WAITING, ADMITTED)
)


def _choices(names: type[State] | type[WorkerState]) -> list[tuple[str, str]]:
    return [(name.value, name.value.capitalize()) for name in names]


class QueuedTaskQuerySet(models.QuerySet["QueuedTask"]):
    """States are written into the SQL as literals: SQLite uses a partial index only where the
    query repeats its condition, which a bound parameter does not."""

    def scheduled(self) -> Self:
        return self._where("state = 'SCHEDULED'")

    def blocked(self) -> Self:
        return self._where("state = 'BLOCKED'")

    def ready(self) -> Self:
        return self._where("state = 'READY'")

    def running(self) -> Self:
        return self._where("state = 'RUNNING'")

    def waiting(self) -> Self:
        return self._where(f"state IN ({_literals(WAITING_STATES)})")

    def admitted(self) -> Self:
        return self._where(f"state IN ({_literals(ADMITTED_STATES)})")

    def finished(self, state: State | None = None) -> Self:
        rows = self._where(f"state IN ({_literals(FINAL_STATES)})")
        return rows.filter(state=state) if state else rows

    def with_last_exception(self) -> Self:
        """With `exception`: the class path of each task's last failure, or None."""
        failed = Attempt.objects.using(self.db).filter(task=OuterRef("pk"))
        last = failed.exclude(exception_class_path="").order_by("-number")
        return self.annotate(exception=Subquery(last.values("exception_class_path")[:1]))

    def _where(self, condition: str) -> Self:
        sql = f'"django_ray_runtime_queuedtask".{condition}'
        return self.filter(RawSQL(sql, (), output_field=models.BooleanField()))  # noqa: S611  # nosec


def _literals(states: list[State]) -> str:
    return ", ".join(f"'{state}'" for state in states)


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
    expires_at = models.DateTimeField(null=True, help_text="Not started by then, it is EXPIRED.")
    options = models.JSONField(default=dict, help_text="What its declaration says beyond defaults.")
    limit_key = models.CharField(  # noqa: DJ001  (null: no key, and out of the keys' indexes)
        max_length=200, null=True, help_text="Key of its concurrency and rate limits."
    )
    unique_key = models.CharField(  # noqa: DJ001
        max_length=200, null=True, help_text="Key that at most one unfinished task holds."
    )

    worker = models.CharField(max_length=64, null=True, help_text="Who runs it now.")  # noqa: DJ001
    attempt = models.PositiveIntegerField(
        default=0, help_text="Number of the run, counted when claimed; part of the fence."
    )
    failures = models.PositiveIntegerField(
        default=0, help_text="How many of its runs failed by themselves."
    )
    losses = models.PositiveIntegerField(
        default=0, help_text="How many of its runs ended with a lost worker or Ray process."
    )
    suspect = models.BooleanField(
        default=False,
        db_default=False,
        help_text="A run of it was lost: the next is given to a free slot only.",
    )
    worker_ids = models.JSONField(default=list, help_text="The worker of each run, in order.")
    started_at = models.DateTimeField(null=True)
    last_attempted_at = models.DateTimeField(null=True)
    deadline = models.DateTimeField(null=True, help_text="When the present run times out.")
    cancel_asked_at = models.DateTimeField(
        null=True, help_text="Since when a running task is to stop."
    )
    finished_at = models.DateTimeField(null=True)
    return_value = models.JSONField(null=True)

    objects = QueuedTaskQuerySet.as_manager()

    class Meta:
        verbose_name = "task"
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
            models.Index(
                "limit_key",
                models.F("priority").desc(),
                "id",
                name="drr_task_blocked",
                condition=Q(state=State.BLOCKED),
            ),
            models.Index(
                "limit_key",
                name="drr_task_admitted",
                condition=Q(limit_key__isnull=False, state__in=ADMITTED_STATES),
            ),
            models.Index(
                "expires_at",
                name="drr_task_expiring",
                condition=Q(expires_at__isnull=False, state__in=WAITING_STATES),
            ),
            models.Index(
                "state",
                "finished_at",
                name="drr_task_finished",
                condition=Q(state__in=FINAL_STATES),
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
    """A run that left something to tell: why it did not succeed, or what it printed."""

    task = models.ForeignKey(QueuedTask, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    worker = models.CharField(max_length=64)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(db_default=Now())
    exception_class_path = models.TextField(default="")
    traceback = models.TextField(default="")
    output = models.TextField(default="", help_text="The end of what it printed and logged.")

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
    handed = models.JSONField(
        null=True, help_text="The runs given to its executor; null: any of those it holds may be."
    )
    released = models.PositiveIntegerField(
        default=0, help_text="How many of its tasks were rescued when it was lost."
    )
    stats = models.JSONField(default=dict, help_text="Its counters, for metrics.")

    objects = WorkerQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.id} ({self.state})"


class Queue(models.Model):
    """What is known of a queue beyond its name. A queue without a row is open."""

    name = models.CharField(max_length=64, primary_key=True)
    paused_at = models.DateTimeField(null=True, help_text="Since when nothing is claimed from it.")

    def __str__(self) -> str:
        return f"{self.name} (paused)" if self.paused_at else self.name


class LimitKey(models.Model):
    """The lock of a limited key, and its token bucket. Claims without keys never touch it."""

    key = models.CharField(max_length=200, primary_key=True)
    tokens = models.FloatField(null=True, help_text="Starts it may make now; null: a full bucket.")
    refilled_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.key


class UniqueKey(models.Model):
    """Who holds a unique key: until `expires_at`, or while that task is unfinished."""

    key = models.CharField(max_length=200, primary_key=True)
    # No foreign key: the row is written ahead of its task's, in the same transaction.
    task_id = models.UUIDField(db_index=True)
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.key} held by {self.task_id}"


class TaskProgress(models.Model):
    """How far the present run of a task is. Apart from the task's row, which stays narrow."""

    task = models.OneToOneField(
        QueuedTask, on_delete=models.CASCADE, primary_key=True, related_name="progress"
    )
    attempt = models.PositiveIntegerField()
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)
    message = models.CharField(max_length=200, default="")
    started_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.done} of {self.total or '?'}"


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

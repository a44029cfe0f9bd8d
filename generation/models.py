"""A generation job: what was ordered, how far it is, and where its file lies.

Its state has one home, the queued task: there is no status column here.
"""

import uuid
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db import models

from generation.constraints import GameConstraints
from generation.draws import DrawRow
from generation.orders import Order


def results_dir() -> Path:
    """Where jobs write their files: the setting GENERATION_RESULTS_DIR."""
    return Path(settings.GENERATION_RESULTS_DIR)


class GenerationJob(models.Model):
    """One order for games, made by the task it points to."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # PROTECT keeps the task's row, and so the job's state, from being pruned alone.
    task = models.OneToOneField(
        "django_ray_runtime.QueuedTask", on_delete=models.PROTECT, related_name="+"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)

    lottery = models.CharField(max_length=32)
    constraints = models.JSONField(help_text="GameConstraints, with the seed.")
    quantity = models.PositiveBigIntegerField()
    file_format = models.CharField(max_length=16, default="csv")
    chunk_size = models.PositiveIntegerField(null=True, blank=True)
    # Text: the largest spaces do not fit 64 bits.
    valid_games = models.CharField(max_length=40, help_text="Games that satisfy the constraints.")
    exact = models.BooleanField(default=True, help_text="Off: valid_games is an upper bound.")
    # What a client names its request by: the same again is the same job.
    idempotency_key = models.CharField(max_length=255, null=True, blank=True, editable=False)  # noqa: DJ001 - unique where given
    idempotency_hash = models.CharField(max_length=64, blank=True, default="", editable=False)

    games_done = models.PositiveBigIntegerField(default=0)
    complete = models.BooleanField(
        null=True, help_text="Off: fewer games than ordered could be made, see the reason."
    )
    reason = models.TextField(blank=True, default="", help_text="Why games are missing.")
    file_name = models.CharField(max_length=100, blank=True, default="")
    file_expired_at = models.DateTimeField(null=True, blank=True)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes of the file.")
    sha256 = models.CharField(max_length=64, blank=True, default="")
    seconds = models.JSONField(default=dict, help_text="How long each stage took.")
    tally = models.JSONField(null=True, blank=True, help_text="Counts taken of the games.")

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="jobs_of_a_user"),
            models.Index(fields=["-created_at"], name="jobs_by_time"),  # everybody's, for staff
        ]
        constraints = [
            models.UniqueConstraint(fields=["owner", "idempotency_key"], name="one_job_a_key")
        ]

    def __str__(self) -> str:
        return f"{self.quantity:,} games of {self.lottery} ({self.id})"

    @property
    def order(self) -> Order:
        return Order(
            lottery=self.lottery,
            constraints=GameConstraints(**self.constraints),
            quantity=self.quantity,
            file_format=self.file_format,
            chunk_size=self.chunk_size,
        )

    @property
    def path(self) -> Path:
        """The finished file. Meaningful once `file_name` is set."""
        return results_dir() / self.file_name

    @property
    def has_file(self) -> bool:
        """Whether its file is there to be read."""
        return bool(self.file_name) and self.task.state == "SUCCESSFUL"

    def download_name(self, file_format: str) -> str:
        """What the file is called where it is downloaded."""
        return f"{self.lottery}-{self.games_done}-{self.id.hex[:8]}.{file_format}"

    def set_order(self, order: Order) -> None:
        values: dict[str, Any] = {
            "lottery": order.lottery,
            "constraints": order.constraints.model_dump(exclude_defaults=True, mode="json"),
            "quantity": order.quantity,
            "file_format": order.file_format,
            "chunk_size": order.chunk_size,
        }
        for name, value in values.items():
            setattr(self, name, value)


class Draw(models.Model):
    """What a lottery's operator drew."""

    lottery = models.CharField(max_length=32)
    number = models.PositiveIntegerField(help_text="The operator's count of draws.")
    date = models.DateField()
    numbers = models.JSONField(help_text="Ascending; of digits in the order of their columns.")
    second_numbers = models.JSONField(default=list, help_text="Of the second group, ascending.")

    class Meta:
        ordering = ["lottery", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["lottery", "number"], name="one_draw_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.lottery} {self.number}: {', '.join(map(str, self.numbers))}"

    def set(self, row: DrawRow) -> Self:
        """Take over what was drawn, and when; not stored yet."""
        self.date = row.date
        self.numbers, self.second_numbers = list(row.numbers), list(row.second)
        return self

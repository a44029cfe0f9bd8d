"""What the services keep: who asked for which large calculation, and whose data set is whose."""

import uuid

from django.db import models


class Calculation(models.Model):
    """A request too large to wait for. Its state, its progress and its outcome are its task's,
    with which it is pruned."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.OneToOneField(
        "django_ray_runtime.QueuedTask", on_delete=models.CASCADE, related_name="+"
    )
    # A user of the project or a token of a service alone: the doors word it.
    owner = models.CharField(max_length=80)
    service = models.CharField(max_length=32)
    operation = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "-task"], name="calculations_of_an_owner")]

    def __str__(self) -> str:
        return f"{self.service}/{self.operation} ({self.id})"


class DataSet(models.Model):
    """A file that was uploaded, known by what is in it."""

    owner = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=200, help_text="What its owner called the file.")
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    rows = models.PositiveBigIntegerField()
    about = models.JSONField(default=dict, help_text="What is in it, in short.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "kind", "sha256"], name="one_data_set_of_an_owner"
            )
        ]
        indexes = [models.Index(fields=["sha256"], name="data_sets_of_a_content")]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind}, {self.sha256[:12]})"

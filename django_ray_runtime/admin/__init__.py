"""The admin of the queue: tasks, workers, queues and periodic tasks. Imported by Django's
autodiscover only."""

from django_ray_runtime.admin import names, periodic, queues, tasks, workers

__all__ = ["periodic", "queues", "tasks", "workers"]

names.translate()

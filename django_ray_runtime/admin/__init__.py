"""The admin of the queue: tasks, workers and queues. Imported by Django's autodiscover only."""

from django_ray_runtime.admin import queues, tasks, workers

__all__ = ["queues", "tasks", "workers"]

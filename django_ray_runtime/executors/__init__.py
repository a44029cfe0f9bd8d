"""What runs functions: one contract, one file per executor."""

from django_ray_runtime.executors.base import CallOptions, Executor, Handle, Here, Shared
from django_ray_runtime.executors.sequential import BackgroundExecutor, SequentialExecutor, as_part

__all__ = [
    "BackgroundExecutor",
    "CallOptions",
    "Executor",
    "Handle",
    "Here",
    "SequentialExecutor",
    "Shared",
    "as_part",
]

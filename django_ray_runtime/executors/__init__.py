"""What runs functions: one contract, one file per executor."""

from django_ray_runtime.executors.base import CallOptions, Executor, Handle
from django_ray_runtime.executors.sequential import BackgroundExecutor, SequentialExecutor

__all__ = ["BackgroundExecutor", "CallOptions", "Executor", "Handle", "SequentialExecutor"]

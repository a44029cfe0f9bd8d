"""Workers that tests start run the tasks of tests and benchmarks too, which others must not."""

import os

OURS = "django_ray_runtime,generation,pages,project,ray_services,workflows"
os.environ.setdefault("TASK_MODULES", f"{OURS},tests,benchmarks")

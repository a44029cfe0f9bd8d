"""Workers that benchmarks start run the benchmarks' tasks too, which others must not."""

import tests  # noqa: F401 - sets TASK_MODULES, for the processes that are started as well

"""The service `sentiment-analyzer` with a Ray of its own, as its container runs it:

    python sentiment_analyzer_ray.py

SERVICE_HOST (127.0.0.1) and SERVICE_PORT (8005) say where it listens; what else the environment may
say stands in ray_services/alone/settings.py. With RAY_ADDRESS it joins that Ray instead.
"""

import os
import sys

# What its worker starts Ray with: ray.init(object_store_memory=100_000_000, num_cpus=None, …)
DEFAULTS = {
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_OBJECT_STORE_ALLOW_SLOW_STORAGE": "1",
    "RAY_OBJECT_STORE_MEMORY": "100000000",
    "SERVICE_NAME": "sentiment-analyzer",
}
for variable, value in DEFAULTS.items():
    os.environ.setdefault(variable, value)

from ray_services.alone.launch import main  # noqa: E402  (Ray reads these when it is imported)

if __name__ == "__main__":
    sys.exit(main())

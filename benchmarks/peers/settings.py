"""Settings of a project that has nothing but the queue named in PEER, as its documentation says."""

import os
from urllib.parse import unquote, urlsplit

PEER = os.environ["PEER"]
_url = urlsplit(os.environ["PEER_DATABASE_URL"])

SECRET_KEY = "benchmark"  # noqa: S105  (nothing here is served or signed)
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _url.hostname,
        "PORT": _url.port,
        "USER": _url.username,
        "PASSWORD": unquote(_url.password or ""),
        "NAME": _url.path.lstrip("/"),
        "CONN_MAX_AGE": 600,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes"]

if PEER == "django-tasks-db":
    INSTALLED_APPS += ["django_tasks_db"]
    TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
elif PEER == "procrastinate":
    INSTALLED_APPS += ["procrastinate.contrib.django"]
    PROCRASTINATE_IMPORT_PATHS = ["benchmarks.peers.procrastinate_tasks"]
elif PEER == "django-ray":
    INSTALLED_APPS += ["django_ray"]
    TASKS = {"default": {"BACKEND": "django_ray.backends.RayTaskBackend"}}
    DJANGO_RAY = {"RAY_ADDRESS": "auto", "RUNNER": "ray_core"}

"""Django's settings for a service that runs alone; all comes from the environment.

Environment:
  SERVICE_NAME       which service (set by whoever starts it)
  SERVICE_HOST, SERVICE_PORT   where `<name>_ray.py` listens (127.0.0.1, the service's own port)
  SERVICE_EXECUTOR   what its worker runs on: auto, ray or sequential (auto)
  SERVICE_WITHOUT_WORKER   not empty: others serve the queue of DATABASE_URL
  SERVICE_TOKENS     comma-separated, of at least 20 characters each (none: loopback only)
  SERVICE_HOSTS      comma-separated host names that callers may use (this machine's own)
  SERVICE_RATE       calls of one token: COUNT/s, /m, /h or /d (600/m)
  SERVICE_DIR        where files and the database of its own lie (a temporary folder)
  SERVICES_MAX_ACTIVE  calculations of one token that may wait or run at once (10)
  MAX_BODY_BYTES     largest body of a request (2621440)
  MAX_UPLOAD_BYTES   largest file of an upload of data (67108864)
  DATABASE_URL       the queue that it shares with others (a SQLite file of its own)
  RAY_ADDRESS        auto, local, HOST:PORT or ray://HOST:PORT (auto)
  RAY_NUM_CPUS, RAY_OBJECT_STORE_MEMORY   of a Ray that its worker starts
"""

import os
import secrets
from pathlib import Path

from django_ray_runtime.databases import database_of


def _list(name: str, default: str = "") -> list[str]:
    return [one.strip() for one in os.environ.get(name, default).split(",") if one.strip()]


def _number(name: str) -> int | None:
    return int(os.environ[name]) if os.environ.get(name, "").strip() else None


SECRET_KEY = secrets.token_urlsafe(50)  # nothing is signed with it
DEBUG = False
SERVICE_NAME = os.environ.get("SERVICE_NAME", "")
SERVICE_TOKENS = _list("SERVICE_TOKENS")
SERVICE_RATE = os.environ.get("SERVICE_RATE", "600/m")
SERVICE_DIR = Path(os.environ.get("SERVICE_DIR", "service")).resolve()
SERVICES_DIR = SERVICE_DIR / "files"
SERVICES_MAX_ACTIVE = _number("SERVICES_MAX_ACTIVE") or 10
ALLOWED_HOSTS = _list("SERVICE_HOSTS", "localhost,127.0.0.1,[::1]")
DATA_UPLOAD_MAX_MEMORY_SIZE = _number("MAX_BODY_BYTES") or 2_621_440
MAX_UPLOAD_BYTES = _number("MAX_UPLOAD_BYTES") or 67_108_864
INSTALLED_APPS = ["django_ray_runtime", "ray_services"]
MIDDLEWARE = [
    "ray_services.alone.middleware.ForeignPageMiddleware",
    "ray_services.alone.middleware.SizeMiddleware",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "ray_services.alone.urls"
DATABASES = {
    "default": database_of(
        os.environ.get("DATABASE_URL") or f"sqlite:///{SERVICE_DIR / 'service.sqlite3'}"
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TASKS = {
    "default": {
        "BACKEND": "django_ray_runtime.backend.RayTaskBackend",
        "QUEUES": ["default"],
    }
}
DJANGO_RAY_RUNTIME = {
    "TASK_MODULES": ["ray_services"],
    "RUNTIME_ENV_FROM_ROWS": False,
    "RAY_ADDRESS": os.environ.get("RAY_ADDRESS") or "auto",
    "RAY_NUM_CPUS": _number("RAY_NUM_CPUS"),
    "RAY_OBJECT_STORE_MEMORY": _number("RAY_OBJECT_STORE_MEMORY"),
}
USE_TZ = True
TIME_ZONE = "UTC"

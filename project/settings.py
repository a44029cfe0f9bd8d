"""One settings file for every way to run; what differs comes from the environment.

Environment (all optional):
  DEBUG            true or false (false)
  SECRET_KEY       required for web pages unless DEBUG
  ALLOWED_HOSTS    comma-separated host names
  DATABASE_URL     sqlite:///PATH or postgres://USER:PASSWORD@HOST:PORT/NAME (sqlite:///db.sqlite3)
  RESULTS_DIR      where jobs write their files (results/)
  RAY_MIN_QUANTITY fewer games than this never leave one process (1000)
  RAY_ADDRESS      auto, local, HOST:PORT or ray://HOST:PORT (auto)
  RAY_NUM_CPUS, RAY_OBJECT_STORE_MEMORY, RAY_DASHBOARD, RAY_DASHBOARD_HOST,
  RAY_DASHBOARD_PORT, RAY_TEMP_DIR   used only when a worker starts Ray itself
  LOG_LEVEL        of the project's own loggers (INFO)
  LOG_FORMAT       plain or json, one object a line (plain)
"""

import os
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def _text(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


def _flag(name: str, default: bool) -> bool:
    raw = _text(name, str(default)).lower()
    if raw not in {"true", "false", "1", "0"}:
        raise ImproperlyConfigured(f"{name} must be true or false, got {raw!r}.")
    return raw in {"true", "1"}


def _number(name: str, default: int | None = None) -> int | None:
    raw = os.environ.get(name, "").strip()
    if raw and not raw.isdecimal():
        raise ImproperlyConfigured(f"{name} must be a whole number, got {raw!r}.")
    return int(raw) if raw else default


DEBUG = _flag("DEBUG", False)
SECRET_KEY = _text("SECRET_KEY", "insecure-and-for-debugging-only" if DEBUG else "")
ALLOWED_HOSTS = [host for host in _text("ALLOWED_HOSTS", "").split(",") if host]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_ray_runtime",
    "generation",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
ASGI_APPLICATION = "project.asgi.application"


def _database(url: str) -> dict[str, object]:
    try:
        # Kept open, and looked at before use: the server may have restarted meanwhile.
        parsed = dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True)
        database: dict[str, object] = dict(parsed)
    except (KeyError, ValueError) as error:
        raise ImproperlyConfigured(
            "DATABASE_URL must look like sqlite:///db.sqlite3 or "
            f"postgres://USER:PASSWORD@HOST:PORT/NAME ({type(error).__name__})."
        ) from None
    if "sqlite" in str(database["ENGINE"]):
        # A transaction that reads and then writes fails at once with "database is
        # locked" unless it takes the write lock when it begins.
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
        # A file, not memory: tests start worker processes that open it too.
        database["TEST"] = {"NAME": str(BASE_DIR / ".test.sqlite3")}
    else:
        database["OPTIONS"] = {"connect_timeout": 5}
    return database


DATABASES = {"default": _database(_text("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"

TASKS = {
    "default": {
        "BACKEND": "django_ray_runtime.backend.RayTaskBackend",
        "QUEUES": ["default", "bulk"],
    }
}
DJANGO_RAY_RUNTIME = {
    "PRELOAD": ["generation.chunks.warm_up"],
    "RAY_ADDRESS": _text("RAY_ADDRESS", "auto"),
    "RAY_NUM_CPUS": _number("RAY_NUM_CPUS"),
    "RAY_OBJECT_STORE_MEMORY": _number("RAY_OBJECT_STORE_MEMORY"),
    "RAY_DASHBOARD": _flag("RAY_DASHBOARD", False),
    "RAY_DASHBOARD_HOST": _text("RAY_DASHBOARD_HOST", "127.0.0.1"),
    "RAY_DASHBOARD_PORT": _number("RAY_DASHBOARD_PORT", 8265),
    "RAY_TEMP_DIR": os.environ.get("RAY_TEMP_DIR") or None,
}

GENERATION_RESULTS_DIR = Path(_text("RESULTS_DIR", str(BASE_DIR / "results"))).resolve()
# Fewer games than this are made in one process: a fan-out would take longer.
GENERATION_RAY_MIN_QUANTITY = _number("RAY_MIN_QUANTITY", 1000) or 0

LOG_FORMAT = _text("LOG_FORMAT", "plain").lower()
if LOG_FORMAT not in {"plain", "json"}:
    raise ImproperlyConfigured(f"LOG_FORMAT must be plain or json, got {LOG_FORMAT!r}.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"task": {"()": "django_ray_runtime.log.TaskFilter"}},
    "formatters": {
        "plain": {
            "()": "django_ray_runtime.log.PlainFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        },
        "json": {"()": "django_ray_runtime.log.JSONFormatter"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["task"],
            "formatter": LOG_FORMAT,
        }
    },
    "loggers": {
        name: {"handlers": ["stderr"], "level": _text("LOG_LEVEL", "INFO")}
        for name in ("django_ray_runtime", "generation")
    }
    # Django's own lines about every task, two each, are left out unless they are errors.
    | {"django.tasks": {"level": "ERROR"}},
}

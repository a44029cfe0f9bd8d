"""One settings file for every way to run; what differs comes from the environment.

Environment (all optional):
  DEBUG            true or false (false)
  SECRET_KEY       required for web pages unless DEBUG
  ALLOWED_HOSTS    comma-separated host names, beside this machine's own (none)
  HTTPS            true where browsers come over https: secure cookies, redirects, HSTS (false)
  HTTPS_REDIRECT   with HTTPS: who comes over http is sent to https (true)
  HSTS_SECONDS     how long browsers remember to come over https (3600)
  HSTS_SUBDOMAINS, HSTS_PRELOAD   whether that holds for subdomains (true), in lists (false)
  TRUSTED_PROXIES  how many proxies in front of us set X-Forwarded-For and -Proto (0)
  CSRF_TRUSTED_ORIGINS   comma-separated origins, such as https://queue.example.org
  STATIC_ROOT      folder that collectstatic fills (none: files are served where they are)
  API_RATE, API_FAILED_LOGINS_RATE   calls per period: COUNT/s, /m, /h or /d (600/m, 30/m)
  ACCOUNT_FAILED_LOGINS_RATE   wrong passwords for one account, from all addresses (100/h)
  MAX_BODY_BYTES   largest body of a request (2621440)
  MAX_UPLOAD_BYTES largest file of an upload of data (67108864)
  CONN_MAX_AGE     seconds that connections are kept (600)
  WEB_THREADS      requests that one web process works on at once (4)
  DATABASE_POOLED  whether connections change between transactions, as behind PgBouncer (false)
  DATABASE_URL     sqlite:///PATH or postgres://USER:PASSWORD@HOST:PORT/NAME (sqlite:///db.sqlite3)
  RESULTS_DIR      where jobs write their files (results/)
  RESULTS_SHARED   true where other machines have that folder too, under the same path (false)
  RETENTION_DAYS   how long jobs' files are kept; 0 for ever (7)
  KEEP_JOBS_DAYS   how long ended jobs are kept, with their tasks; 0 for ever (0)
  KEEP_AUDIT_DAYS  how long the record of changes and logins is kept; 0 for ever (365)
  USE_RAY          games are made over Ray where it is connected (1)
  RAY_MIN_QUANTITY fewer games than this never leave one process (1000)
  RAY_NUM_WORKERS  chunks of a job that are made at once (all cores)
  MAX_QUANTITY     most games of one job (10000000)
  MAX_ACTIVE_JOBS  jobs of one user that may wait or run at once (10)
  SERVICES_MAX_ACTIVE  calculations of one user that may wait or run at once (10)
  WORKFLOWS_MAX_ACTIVE runs of flows of one user that may wait or go on at once (10)
  JOB_RATE         jobs that one user may submit over REST: COUNT/s, /m, /h or /d (60/h)
  TICKET_PRICES    prices of single bets that have changed: mega-sena=6.50,quina=3.00 (none)
  RAY_ADDRESS      auto, local, HOST:PORT or ray://HOST:PORT (auto)
  RAY_AUTOSCALES   true where that cluster grows by itself: tasks wait for what it lacks (false)
  RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH, RAY_AUTH_MODE   read by Ray: the cluster's token
  RAY_WORKING_DIR  folder with the code, sent to a cluster that is joined (not sent)
  RAY_NUM_CPUS, RAY_OBJECT_STORE_MEMORY, RAY_DASHBOARD, RAY_DASHBOARD_HOST,
  RAY_DASHBOARD_PORT, RAY_TEMP_DIR   used only when a worker starts Ray itself
  TASK_MODULES     further packages with tasks, beside the installed ones of ours (none)
  TASK_RUNTIME_ENV true where tasks may bring an environment of Ray's, and so any code (false)
  LOG_LEVEL        of the project's own loggers (INFO)
  LOG_FORMAT       plain or json, one object a line (plain)
"""

import os
import re
from importlib.util import find_spec
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from django_ray_runtime.databases import database_of

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


def _list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in _text(name, default).split(",") if item.strip()]


def _rate(name: str, default: str) -> tuple[int, int]:
    """How many in how many seconds."""
    parts = re.fullmatch(r"([1-9][0-9]{0,8})/([smhd])", raw := _text(name, default))
    if not parts:
        raise ImproperlyConfigured(f"{name} must look like 600/m (or /s, /h, /d), got {raw!r}.")
    return int(parts[1]), {"s": 1, "m": 60, "h": 3600, "d": 86400}[parts[2]]


def _pairs(name: str) -> dict[str, str]:
    """`a=1,b=2`"""
    pairs = [item.partition("=") for item in _list(name)]
    if wrong := [key for key, equals, value in pairs if not (key and equals and value)]:
        raise ImproperlyConfigured(f"{name} must look like a=1,b=2, got {wrong[0]!r} in it.")
    return {key.strip(): value.strip() for key, _, value in pairs}


DEBUG = _flag("DEBUG", False)
SECRET_KEY = _text("SECRET_KEY", "insecure-and-for-debugging-only" if DEBUG else "")
# What looks after this process asks it by the names of its own machine, whatever the site's is.
ALLOWED_HOSTS = [*_list("ALLOWED_HOSTS"), "localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "project.apps.ProjectConfig",  # first: its templates come before those of the admin
    # The admin modules of all apps are imported with the URLs, not by workers.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_ray_runtime",
    "generation",
    "ray_services",
    "workflows",
    "pages",
]
MIDDLEWARE = [
    "project.middleware.PiecesMiddleware",  # first: it sees what all others answer
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "pages.middleware.PageGZipMiddleware",
    "project.middleware.ProblemMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "pages.middleware.PageLocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
ROOT_URLCONF = "project.urls"
# Under ASGI each of them keeps a connection to the database.
WEB_THREADS = _number("WEB_THREADS", 4) or 1
WSGI_APPLICATION = "project.wsgi.application"
ASGI_APPLICATION = "project.asgi.application"

_DATABASE_URL = _text("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
DATABASES = {"default": database_of(_DATABASE_URL)}
DATABASES["default"]["CONN_MAX_AGE"] = _number("CONN_MAX_AGE", 600)
# Neither cursors nor prepared statements outlive a transaction there.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = _flag("DATABASE_POOLED", False)
# A file, not memory: tests start worker processes that open it too. Each run has its own.
if _DATABASE_URL.startswith("sqlite"):
    DATABASES["default"]["TEST"] = {"NAME": str(BASE_DIR / f".test.{os.getpid()}.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The web part. Scripts, styles and everything else come from this site alone; nothing inline.
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],  # icons within the style sheet of the API's documentation
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
# Browsers hold these back on plain http, where nobody could log in then.
_HTTPS = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _flag("HTTPS", False)
SECURE_HSTS_SECONDS = (_number("HSTS_SECONDS", 3600) or 0) if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS and _flag("HSTS_SUBDOMAINS", True)
SECURE_HSTS_PRELOAD = _HTTPS and _flag("HSTS_PRELOAD", False)
# W021 advises it, but browsers' lists bind a whole domain for months: that is its owner's to say.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_SSL_REDIRECT = _HTTPS and _flag("HTTPS_REDIRECT", True)
# Asked by supervisors and load balancers beside us, over plain http.
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$"]
CSRF_TRUSTED_ORIGINS = _list("CSRF_TRUSTED_ORIGINS")
# Anyone can send these headers; they mean something only where a proxy of ours sets them.
TRUSTED_PROXIES = _number("TRUSTED_PROXIES", 0) or 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
LOGIN_URL = "pages:login"
LOGIN_REDIRECT_URL = "pages:home"
AUTHENTICATION_BACKENDS = ["project.logins.PatientBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
STATIC_URL = "static/"
# ninja's script and style for the documentation page. As an installed app it would be
# imported by every worker, and every process of the cluster.
_ninja = find_spec("ninja")
STATICFILES_DIRS = [
    Path(folder) / "static" for folder in (_ninja and _ninja.submodule_search_locations) or []
]
STATIC_ROOT = _text("STATIC_ROOT", "") or None
# Collected files get names with a checksum, which browsers may keep for ever.
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_ROOT
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
API_RATE = _rate("API_RATE", "600/m")
API_FAILED_LOGINS_RATE = _rate("API_FAILED_LOGINS_RATE", "30/m")
ACCOUNT_FAILED_LOGINS_RATE = _rate("ACCOUNT_FAILED_LOGINS_RATE", "100/h")
DATA_UPLOAD_MAX_MEMORY_SIZE = _number("MAX_BODY_BYTES", 2_621_440)
MAX_UPLOAD_BYTES = _number("MAX_UPLOAD_BYTES", 67_108_864) or 0

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "pages" / "locale"]  # of all that pages show
LANGUAGES = [("en", "English"), ("pt-br", "Português (Brasil)"), ("es", "Español")]

TASKS = {
    "default": {
        "BACKEND": "django_ray_runtime.backend.RayTaskBackend",
        "QUEUES": ["default", "bulk"],
    }
}
_OURS = {app.partition(".")[0] for app in INSTALLED_APPS}
DJANGO_RAY_RUNTIME = {
    "PRELOAD": ["generation.chunks.warm_up"],
    # Whoever can write to the database must not choose what code a worker runs.
    # Our own applications', and not all that lies here: tests write files, as tasks.
    "TASK_MODULES": [*sorted(n for n in _OURS if (BASE_DIR / n).is_dir()), *_list("TASK_MODULES")],
    "RUNTIME_ENV_FROM_ROWS": _flag("TASK_RUNTIME_ENV", False),
    "RAY_ADDRESS": _text("RAY_ADDRESS", "auto"),
    "RAY_AUTOSCALES": _flag("RAY_AUTOSCALES", False),
    "RAY_NUM_CPUS": _number("RAY_NUM_CPUS"),
    "RAY_OBJECT_STORE_MEMORY": _number("RAY_OBJECT_STORE_MEMORY"),
    "RAY_DASHBOARD": _flag("RAY_DASHBOARD", False),
    "RAY_DASHBOARD_HOST": _text("RAY_DASHBOARD_HOST", "127.0.0.1"),
    "RAY_DASHBOARD_PORT": _number("RAY_DASHBOARD_PORT", 8265),
    "RAY_TEMP_DIR": os.environ.get("RAY_TEMP_DIR") or None,
    "RAY_WORKING_DIR": os.environ.get("RAY_WORKING_DIR") or None,
}

GENERATION_RESULTS_DIR = Path(_text("RESULTS_DIR", str(BASE_DIR / "results"))).resolve()
GENERATION_RESULTS_SHARED = _flag("RESULTS_SHARED", False)
SERVICES_DIR = GENERATION_RESULTS_DIR / "services"
SERVICES_MAX_ACTIVE = _number("SERVICES_MAX_ACTIVE", 10) or 0
WORKFLOWS_MAX_ACTIVE = _number("WORKFLOWS_MAX_ACTIVE", 10) or 0
GENERATION_RETENTION_DAYS = _number("RETENTION_DAYS", 7) or 0
GENERATION_KEEP_JOBS_DAYS = _number("KEEP_JOBS_DAYS", 0) or 0
KEEP_AUDIT_DAYS = _number("KEEP_AUDIT_DAYS", 365) or 0
# Fewer games than this are made in one process: a fan-out would take longer.
RAY_MIN_QUANTITY = _number("RAY_MIN_QUANTITY", 1000) or 0
USE_RAY = _flag("USE_RAY", True)
RAY_NUM_WORKERS = _number("RAY_NUM_WORKERS")
GENERATION_MAX_QUANTITY = _number("MAX_QUANTITY", 10_000_000) or 0
GENERATION_MAX_ACTIVE_JOBS = _number("MAX_ACTIVE_JOBS", 10) or 0
GENERATION_JOB_RATE = _rate("JOB_RATE", "60/h")
GENERATION_RATE_COUNTER = "project.rates.count"
GENERATION_TICKET_PRICES = _pairs("TICKET_PRICES")

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
        for name in ("django_ray_runtime", "generation", "project", "ray_services")
    }
    | {
        # Django itself logs nowhere when DEBUG is off.
        "django": {"handlers": ["stderr"], "level": "INFO" if DEBUG else "WARNING"},
        # Mistakes of clients are in the access log, not here.
        "django.request": {"level": "ERROR"},
        # Django's own lines about every task, two each, are left out unless they are errors.
        "django.tasks": {"level": "ERROR"},
    },
}

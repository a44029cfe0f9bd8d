"""Django's settings for a service that runs alone; all comes from the environment.

Environment:
  SERVICE_NAME       which service (set by whoever starts it)
  SERVICE_TOKENS     comma-separated, of at least 20 characters each (none: loopback only)
  SERVICE_HOSTS      comma-separated host names that callers may use (this machine's own)
  SERVICE_RATE       calls of one token: COUNT/s, /m, /h or /d (600/m)
  MAX_BODY_BYTES     largest body of a request (2621440)
"""

import os
import secrets

SECRET_KEY = secrets.token_urlsafe(50)  # nothing is signed with it
DEBUG = False
SERVICE_NAME = os.environ.get("SERVICE_NAME", "")
SERVICE_TOKENS = [one.strip() for one in os.environ.get("SERVICE_TOKENS", "").split(",") if one]
SERVICE_RATE = os.environ.get("SERVICE_RATE", "600/m")
ALLOWED_HOSTS = [
    one.strip()
    for one in os.environ.get("SERVICE_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
    if one
]
DATA_UPLOAD_MAX_MEMORY_SIZE = int(os.environ.get("MAX_BODY_BYTES", "2621440"))
INSTALLED_APPS = ["ray_services"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "ray_services.alone.urls"
USE_TZ = True
TIME_ZONE = "UTC"

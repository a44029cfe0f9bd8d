"""What must be there before pages are served."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def demand_secret_key() -> None:
    """Raise ImproperlyConfigured when sessions could not be signed.

    Commands do without a key; a web process asks for it before its first request.
    """
    try:
        settings.SECRET_KEY  # noqa: B018  (Django refuses an empty one when it is read)
    except ImproperlyConfigured:
        raise ImproperlyConfigured(
            "Pages need a SECRET_KEY in the environment: 50 random characters, the same for all "
            "web processes and kept secret. Make one with `python -c 'import secrets; "
            "print(secrets.token_urlsafe(50))'`, or set DEBUG=true on a machine of your own."
        ) from None

"""Making a process ready to run the project's code: Django set up, once."""

import gc
import os
import threading
from typing import Any

_lock = threading.Lock()
_ready = threading.Event()


def set_up(settings_module: str = "") -> None:
    """Set Django up and call the `PRELOAD` functions, once per process.

    `settings_module` is used where the environment names none, as on another machine.
    """
    if _ready.is_set():
        return
    with _lock:
        if _ready.is_set():
            return
        if settings_module:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings_module)
        import django
        from django.apps import apps
        from django.utils.module_loading import import_string

        from django_ray_runtime.conf import runtime_settings

        if not apps.ready:
            django.setup()
        for path in runtime_settings().preload:
            import_string(path)()
        # What is loaded now stays: the collector need not look at it again and again.
        gc.freeze()
        _ready.set()


class SetUpFirst:
    """An argument that sets Django up where it is unpickled.

    Sent ahead of a function that lives in a Django module, which could not be imported, nor
    its arguments unpickled, in a process where Django is not set up.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return set_up, (os.environ.get("DJANGO_SETTINGS_MODULE", ""),)

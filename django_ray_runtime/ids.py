"""Identifiers: time-ordered for queued tasks, a new one per boot for workers."""

import os
import secrets
import socket
import threading
import time
import uuid

_lock = threading.Lock()
_last_ms = 0
_counter = 0


def uuid7() -> uuid.UUID:
    """A UUID version 7 (RFC 9562, method 1: 42-bit counter), increasing within a process.

    Increasing identifiers keep tasks of equal priority first in, first out, and keep the
    primary key's index append-only. Python 3.14 brings its own `uuid.uuid7`.
    """
    global _last_ms, _counter
    with _lock:
        now = time.time_ns() // 1_000_000
        if now > _last_ms:
            _last_ms = now
            _counter = secrets.randbits(41)
        else:  # the same millisecond, or a clock set back: stay above what was given out
            _counter += 1
            if _counter >> 42:
                _last_ms += 1
                _counter = secrets.randbits(41)
        ms, counter = _last_ms, _counter
    value = (ms & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76 | (counter >> 30) << 64
    value |= 0b10 << 62 | (counter & 0x3FFF_FFFF) << 32
    return uuid.UUID(int=value | secrets.randbits(32))


def new_worker_id() -> str:
    """`host:pid:random`, new at each boot: a container restarted under the same name must
    not look alive to the rescuer. At most 64 characters."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"

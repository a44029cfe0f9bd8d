"""One service by itself: no project around it, its own port, its own queue and worker.

On loopback it needs no token. On any other address it refuses to start without tokens.
"""

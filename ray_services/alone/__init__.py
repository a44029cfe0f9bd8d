"""One service by itself: no project around it, no database, its own port.

On loopback it needs no token. On any other address it refuses to start without tokens.
"""

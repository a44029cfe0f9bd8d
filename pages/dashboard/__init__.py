"""The runtime at work, for staff."""

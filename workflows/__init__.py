"""Flows: one function each, behind three doors (a script, a queued task, Kodosumi)."""

"""The admin of lottery games: jobs and draws. Imported by Django's autodiscover only."""

from generation.admin import draws, jobs, names

__all__ = ["draws", "jobs"]

names.translate()

"""Ordering games, and what becomes of an order."""

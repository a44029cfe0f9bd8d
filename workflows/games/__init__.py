"""Lottery games as a flow: made, counted, and told with charts."""

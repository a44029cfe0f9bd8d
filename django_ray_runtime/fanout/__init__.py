"""How `distributed` spreads calls: options, chunks, pace, and the window in flight."""

"""The tidy tables between results and figures, and the intervals of their means."""

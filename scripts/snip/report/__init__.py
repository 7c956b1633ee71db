"""The report of a finished study: its pages and captions, and the closing lines."""

"""What a finished study says: the report's pages and captions, and the closing lines."""

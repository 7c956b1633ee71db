"""Archives: a study in one tar file."""

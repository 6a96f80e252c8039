"""The tasks, one subject per file; found by folder."""

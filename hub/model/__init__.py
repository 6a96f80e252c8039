"""The nouns of the stream as plain dataclasses and typed dictionaries."""

"""The read path: `tail` follows the stream, `replay` gives what was missed, `rooms` says who may see it, `hints` pass by."""

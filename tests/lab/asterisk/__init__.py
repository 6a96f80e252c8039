"""A real Asterisk 22 (Debian sid's, in a folder of its own under `.lab/`), SIPp callers and agents before it."""

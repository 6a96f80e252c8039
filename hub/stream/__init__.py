"""The write path: everything that becomes a message goes through here, in one total order."""

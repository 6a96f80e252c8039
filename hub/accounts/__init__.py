"""Accounts: which there are (`directory`), who runs them (`keeper`), what they see of the hub (`inlet`), how they are
(`health`). One hub owns an account's connection at a time, by lease."""

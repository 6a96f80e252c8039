"""Mails that machines make about mails: bounces, delays, complaints, read receipts, answers to invitations.

What cannot be told from a standard is told by tables: `systems/*.toml` for bounces, `quotes/languages/` for subjects.
"""

"""Outbound work: lists of people to call, worked through by agents. (S2.9.9-06, -10, -11)

`rules` (pure) says when may be called and what follows from an outcome; `call_lists` keeps the lists, `filling` puts
people on them, `working` hands entries out and dials them, `fates` moves them on when calls end, `do_not_call` has the
numbers that nobody calls.
"""

"""Message rules: which happening on which type tells whom what. Pure.

`check` judges a rule against the declaration of its type, `happening` is one committed change as rules see it, `match` says
whether a rule concerns it and how often it may fire.
"""

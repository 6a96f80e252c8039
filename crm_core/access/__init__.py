"""Who may do what, to which rows, and which fields: `roles.py` the rights, `actor.py` a person with them,
`scopes.py` and `compile.py` rights as clauses, store filters and a predicate, `fields.py` field rights.
"""

"""What can be done with a record: one verb, one file. Each write takes the unit of work first and announces what it did.

`create.py change.py transition.py remove.py` write; `query.py show.py history.py` read; `save.py` is what the writing
verbs have in common; `documents.py checks.py links.py trees.py duplicates.py derived.py` are its steps.
"""

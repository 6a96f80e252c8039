"""Templates: text with fields of records. Pure, and the same for mail, SMS and whatever else carries text.

`scope` says which fields there are, `check` names what is wrong with its place, `compiled` makes a template that can
be merged many times, `values` are what fields become, `gaps` closes the holes that empty fields leave.
"""

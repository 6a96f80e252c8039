"""Conditions over a record, in CEL (Common Expression Language): yes or no, and nothing else. Pure.

`check` names what is wrong with its place before anything is asked, `condition` makes a text that can be asked for many
records, `values` are what fields become. Only what `check` lists may stand in a condition.
"""

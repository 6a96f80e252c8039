"""The floor of the call centre: what is counted of calls, the live board, reports, how many agents are needed.

`facts` (pure) says what is counted of one call; `fact_reader` keeps that in the store; `measures` (pure) adds up and works
out the figures; `board`, `together` (pure), `today` and `wallboard` are the live view; `reports` and `staffing` look back and ahead:
`questions` and `spans` (pure) say what is asked and of which days it is made, `roller` adds up days that are over, `answers`
puts sums and facts together, `sums_check` compares them.
"""

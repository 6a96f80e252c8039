"""The way out: durable, at least once, and once wherever the far side can be asked.

`outboxes` runs one `lane` per account on the hub that holds its lease; `rules` decides what an outcome means; `delivery`
makes of a stored message what a channel is asked to send; `second_thoughts` is what people do: try again, cancel.
"""

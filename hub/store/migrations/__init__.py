"""One module per step, `mNNNN_what.py`, with `async def run(db)`: idempotent, and never changed once released."""

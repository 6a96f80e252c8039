"""The few things everybody needs: errors, ids, the clock, addresses, the event base class."""

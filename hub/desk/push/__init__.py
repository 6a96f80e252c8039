"""Browser push: a notice reaches a browser whose console is closed, by way of the push service of the browser's maker.

`subscriptions` keeps which browsers may be woken, `push_reader` makes one push of each notice and browser, `sender` sends
them with retries, `parcels` and `messages` make what is sent; `encryption` (RFC 8291) and `vapid` (RFC 8292) are pure.
"""

"""The sockets of the consoles: `server` wraps Socket.IO, `connect` lets consoles in, `consoles` gives them the feed,
`asks` answers them, `keeping` looks after them.
"""

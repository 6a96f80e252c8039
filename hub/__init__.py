"""The hub: the durable stream, its readers, and the edges (HTTP, Socket.IO). Stands on crm_core; never names a channel."""

"""The rules of the CRM: record types, access, life cycles. Knows nobody above it: no HTTP, no sockets, no driver."""

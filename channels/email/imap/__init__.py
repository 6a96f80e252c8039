"""A mailbox over IMAP: `wire` and `session` speak the protocol, `receiver` takes mail in, `follow` writes marks back,
`sent` files copies of what we send, `listing` says what the mailbox holds."""

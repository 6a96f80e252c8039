"""The email channel: parsing from captured and made-up mails, the door and the sender over real sockets."""

"""MongoDB: the connection, the private server, collections and migrations, units of work. Nobody above speaks driver
but through here and the few readers that need MongoDB's own query language."""

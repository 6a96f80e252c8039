"""One record type, one file. `crm_core.load` finds them; nothing else imports them."""

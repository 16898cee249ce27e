"""Who may do what, and the record of what was done: passwords, roles, sessions, keys, the audit chain."""

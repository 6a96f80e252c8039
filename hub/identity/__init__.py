"""Who is who: sign-in, sessions, tokens, second factor, throttling, audit.

`parts.build_identity` wires the room; `identity.Identity` turns a cookie or token into a `caller.Caller`;
`staff.Staff` makes users; `sign_in.SignIn` is the only place that compares passwords.
"""

"""Who is who: sign-in, sessions, tokens, second factor, throttling, audit."""

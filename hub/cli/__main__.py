"""`python -m hub.cli`: the same as the `mainstem` command, for child processes."""

import sys

from hub.cli import main

sys.exit(main())

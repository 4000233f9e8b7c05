"""`python -m tui`, the same as the command `codearts-watch`."""

import sys

from tui.cli import main

sys.exit(main())

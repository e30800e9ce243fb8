"""`python -m hivemind`: the command line."""

from __future__ import annotations

import sys

from hivemind.cli.main import main

sys.exit(main())

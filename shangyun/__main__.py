"""``python -m shangyun`` is ``shangyun``."""

import sys

from shangyun.cli import main

sys.exit(main())

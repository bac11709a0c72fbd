"""`python -m spinvalley.cli`: the command line without its script."""

import sys

from spinvalley.cli import main

sys.exit(main())

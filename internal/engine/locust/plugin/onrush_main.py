"""Runs Locust as its own command does: without the working folder among the
modules until a script is loaded, so that a script may be named locust.py."""

import sys

from locust.main import main

if __name__ == "__main__":
    sys.argv[0] = "locust"
    main()

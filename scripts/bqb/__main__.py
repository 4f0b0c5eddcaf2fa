"""python -m bqb COMMAND OPTION...: what the scripts start."""

import sys

from bqb.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""``python -m wiretax`` is the ``wiretax`` command."""

import os
import sys

# Python puts the current folder first on sys.path, where a module would be imported instead of the real one. The
# folder stays only if this file is in it. os is part of the interpreter, pathlib is not.
_HERE = os.getcwd()  # noqa: PTH109
if sys.path[0] == _HERE and __file__ != os.path.join(_HERE, "wiretax", "__main__.py"):  # noqa: PTH118
    del sys.path[0]

from wiretax.cli import main  # noqa: E402

main()

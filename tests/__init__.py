"""Bytecode is kept: each worker and each program that a test runs would compile everything anew."""

import os
import sys

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

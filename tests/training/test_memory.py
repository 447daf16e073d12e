"""Freed memory stays with the process, where the C library is glibc."""

import subprocess
import sys

import pytest

from feim.training.memory import keep_freed_memory

FAULTS = """
import resource, sys
import numpy as np
from feim.training.memory import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(2**27, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mallopt is glibc's")
def test_a_block_that_was_freed_is_not_fetched_again():
    if not keep_freed_memory():
        pytest.skip("this C library has no mallopt")
    again = {how: int(subprocess.check_output([sys.executable, "-c", FAULTS, how])) for how in ("keep", "give")}
    assert again["keep"] < again["give"] / 4

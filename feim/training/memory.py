"""Memory that one training step frees stays for the next one."""

import ctypes

# Of glibc's malloc.h.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
AHEAD = 64 * 2**20  # bytes that are fetched at once


def keep_freed_memory() -> bool:
    """Let this process keep what it frees, in place of giving it back to the system; whether its C library can (glibc).

    By default every large tensor of a step is fetched from the system anew, page by page, which takes a good part of a step on a CPU.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another system, another allocator
        return False
    return all([mallopt(M_MMAP_MAX, 0), mallopt(M_TRIM_THRESHOLD, -1), mallopt(M_TOP_PAD, AHEAD)])

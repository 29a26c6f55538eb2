"""Processes that start at once: forks of one that has imported what a run imports."""

import multiprocessing
from multiprocessing.context import ForkServerContext

PRELOADED = ["tests.test_faults", "gan_lab.callbacks", "gan_lab.data", "gan_lab.metrics"]


def children() -> ForkServerContext:
    """Return what starts processes that may be killed, or must not share this one's memory."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context

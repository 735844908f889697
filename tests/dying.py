"""A program killed between two calls that change the disk: for tests that start one."""

# Put before the program; it says which calls count, and before which of them it ends.
DYING = """
import os, signal, sys
def die_before(count, *names):
    left = [count]
    def dying(call):
        def counted(*args, **named):
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            return call(*args, **named)
        return counted
    for name in names:
        setattr(os, name, dying(getattr(os, name)))
"""

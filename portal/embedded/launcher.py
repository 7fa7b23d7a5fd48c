"""Run a program as a child that dies with its parent, optionally as another user.

    python -I -S launcher.py PARENT_PID USER_ID GROUP_ID SIGNAL PROGRAM ARGUMENT...

USER_ID and GROUP_ID are ``-`` to stay who we are. A file of its own, run by a fresh interpreter, because the parent has
threads: code that runs between fork and exec of a threaded process can hang on another thread's lock.
"""

import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, user_id, group_id, signal_number, *command = sys.argv[1:]
    if sys.platform == "linux":
        import ctypes  # before the user changes: the new one may not be able to read Python's own folder

        prctl = ctypes.CDLL(None).prctl
    if user_id != "-":
        os.setgroups([])
        os.setgid(int(group_id))
        os.setuid(int(user_id))
    os.umask(0o077)
    if sys.platform == "linux":
        prctl(PR_SET_PDEATHSIG, int(signal_number))  # after the user changes, because that forgets the signal
        if os.getppid() != int(parent):
            sys.exit("the parent has already ended")
    os.execv(command[0], command)  # noqa: S606 - the caller chose the program


if __name__ == "__main__":
    main()

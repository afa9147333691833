"""Nothing that is started here outlives the process that asked for it, even if that is killed."""

import ctypes
import os
import queue
import shutil
import signal
import subprocess
import threading

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def end_with_parent():
    """Ends this process when its standard input, a pipe from the parent, is closed.

    The kernel closes the parent's end of the pipe however the parent ends, SIGKILL included.
    """

    def wait():
        while os.read(0, 4096):
            pass
        # The parent would have removed its folder, had it not been killed.
        if folder := os.environ.get("WORLD_FOLDER"):
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Spawner:
    """Starts processes that the kernel kills when this process ends.

    PR_SET_PDEATHSIG fires when the *thread* that started the child ends, so one thread that never
    ends starts them all.
    """

    def __init__(self):
        self._requests = queue.Queue()
        threading.Thread(target=self._serve, name="spawner", daemon=True).start()

    def spawn(self, command, **options):
        """Same as subprocess.Popen(command, **options)."""
        answer = queue.Queue(maxsize=1)
        self._requests.put((command, options, answer))
        result = answer.get()
        if isinstance(result, BaseException):
            raise result
        return result

    def _serve(self):
        while True:
            command, options, answer = self._requests.get()
            try:
                answer.put(subprocess.Popen(command, preexec_fn=_die_with_parent, **options))
            except BaseException as error:  # handed to the caller's thread
                answer.put(error)

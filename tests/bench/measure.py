"""One child process: wall time, cpu time, peak memory, exit status and what it said.

A child's peak counts the memory of the process that forked it, so whoever imports this stays small:
standard library only. `python3 -I -S measure.py COMMAND...` does the same from a big process and prints JSON.
"""

import json
import os
import sys
import tempfile
import time


def run(command, environment=None, stdin=None, stdout=None, meanwhile=None):
    """Runs a command to its end; sizes in MiB, times in seconds. Input and output are descriptors, or nothing.

    `meanwhile` is called with the child's id every now and then; each call may cost the wall time some milliseconds.
    """
    with tempfile.TemporaryFile() as errors:
        null = os.open(os.devnull, os.O_RDWR)
        actions = [
            (os.POSIX_SPAWN_DUP2, null if stdin is None else stdin, 0),
            (os.POSIX_SPAWN_DUP2, null if stdout is None else stdout, 1),
            (os.POSIX_SPAWN_DUP2, errors.fileno(), 2),
        ]
        command = [str(part) for part in command]
        start = time.perf_counter()
        child = os.posix_spawnp(command[0], command, environment or os.environ, file_actions=actions)
        ended, status, usage = os.wait4(child, os.WNOHANG if meanwhile else 0)
        while not ended:
            meanwhile(child)
            time.sleep(0.02)
            ended, status, usage = os.wait4(child, os.WNOHANG)
        wall = time.perf_counter() - start
        os.close(null)
        errors.seek(0)
        return {
            "status": os.waitstatus_to_exitcode(status),
            "wall_s": wall,
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_mib": usage.ru_maxrss / 1024,
            "stderr": errors.read().decode("utf-8", "replace"),
        }


if __name__ == "__main__":
    json.dump(run(sys.argv[1:]), sys.stdout)

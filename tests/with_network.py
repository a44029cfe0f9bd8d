"""Run a command in a network of its own: python -m tests.with_network COMMAND…

It sees a loopback interface and nothing else, so that it may make bridges, addresses and hosts as
it likes (`tests.hosts`): they are gone when its last process is, and this machine never had
them. Where the kernel does not permit that, COMMAND runs in the network that there is, and tests
that need their own say so.
"""

import os
import shutil
import subprocess
import sys

OWN = "TEST_NETWORK"


def main(command: list[str]) -> None:
    if not (ip := shutil.which("ip")):  # looked for first: in an empty network nothing works
        sys.stderr.write("No network of our own here: there is no `ip` (Debian: iproute2).\n")
    else:
        try:
            os.unshare(os.CLONE_NEWNET)
        except OSError as error:
            sys.stderr.write(f"No network of our own here: {error}\n")
        else:
            subprocess.run([ip, "link", "set", "lo", "up"], check=True)
            os.environ[OWN] = "own"
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])

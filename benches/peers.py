"""What the comparisons with other proxies and relays share."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def built() -> Path:
    """The release binary, built if need be."""
    os.chdir(Path(__file__).resolve().parent.parent)
    subprocess.run(["cargo", "build", "--release", "--quiet"], check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release" / "blackbar"


def install(program: str, package: str) -> None:
    """Installs the package if the program, or the file of that path, is not there."""
    if not shutil.which(program) and not Path(program).exists():
        become = [] if os.geteuid() == 0 else ["sudo"]
        subprocess.run([*become, "apt-get", "update", "-qq"], check=True)
        subprocess.run(
            [*become, "apt-get", "install", "-y", "-qq", "--no-install-recommends", package], check=True
        )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen) -> None:
    """Until something listens there."""
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
            if process.poll() is not None:
                break
        else:
            return
    sys.exit(f"{process.args[0]} does not listen")


def ticks(pid: int) -> int:
    """User and system time of a process and its children, also of those that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(map(int, fields[11:15])) + sum(ticks(int(child)) for child in children)

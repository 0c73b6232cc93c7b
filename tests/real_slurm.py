"""A real Slurm of two nodes on this machine, with a munge key of its own, for tests."""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ray_cluster import free_ports, kill, with_mark

DAEMONS = ("munged", "slurmctld", "slurmd")
# Where administrators' programs lie, which is not in everybody's PATH.
PATH = os.pathsep.join([os.environ["PATH"], "/usr/local/sbin", "/usr/sbin"])
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
MailProg=/bin/true
FirstJobId={first}
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={n1} CPUs=2 RealMemory=4000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={n2} CPUs=2 RealMemory=4000
PartitionName=all Nodes=n1,n2 Default=YES State=UP
"""


class Slurm(NamedTuple):
    environment: dict[str, str]

    def ask(self, *command: object) -> str:
        """What a command of Slurm prints."""
        words = list(map(str, command))
        return subprocess.run(
            words, env=self.environment, capture_output=True, text=True, check=True, timeout=30
        ).stdout.strip()

    def job(self, number: str) -> dict[str, str]:
        """What Slurm knows about it."""
        words = self.ask("scontrol", "--oneliner", "show", "job", number).split()
        return dict(word.split("=", 1) for word in words if "=" in word)


def missing() -> list[str]:
    """Programs that are not on this machine."""
    return [name for name in DAEMONS if shutil.which(name, path=PATH) is None]


@contextlib.contextmanager
def slurm_cluster() -> Iterator[Slurm]:
    """Two nodes of two CPUs each; all processes and jobs are gone at the end."""
    # Munge wants no folder above its socket that others can write, unless it is sticky.
    folder = Path(tempfile.mkdtemp(prefix="slurm", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "key").write_bytes(secrets.token_bytes(128))
    (folder / "key").chmod(0o600)
    controller, n1, n2 = free_ports(3)
    conf = folder / "slurm.conf"
    conf.write_text(CONFIGURATION.format(
        folder=folder, host=socket.gethostname().split(".")[0], controller=controller,
        n1=n1, n2=n2, user=pwd.getpwuid(os.getuid()).pw_name, first=os.getpid() % 10000 + 40000,
    ))  # fmt: skip
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SLURM")}
    slurm = Slurm(kept | {"PATH": PATH, "SLURM_CONF": str(conf)})
    files = [
        f"--{name}-file={folder}/{file}"
        for name, file in (("key", "key"), ("pid", "m.pid"), ("seed", "seed"), ("log", "m.log"))
    ]
    commands = [
        ["munged", "--foreground", "--force", f"--socket={folder}/munge", *files],
        *(["slurmctld", "-D"], ["slurmd", "-D", "-N", "n1"], ["slurmd", "-D", "-N", "n2"]),
    ]
    log = folder / "log"
    with contextlib.ExitStack() as started:
        started.callback(shutil.rmtree, folder)
        started.callback(kill, lambda: with_mark(-1, f"SLURM_CONF={conf}"))
        output = started.enter_context(log.open("w"))
        for command in commands:
            daemon = subprocess.Popen(command, env=slurm.environment, stdout=output, stderr=output)
            started.callback(daemon.wait)
            started.callback(daemon.kill)
        wait_for_nodes(slurm, log)
        yield slurm


def wait_for_nodes(slurm: Slurm, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(subprocess.SubprocessError):
            if slurm.ask("sinfo", "--noheader", "--states=idle", "--format=%D") == "2":
                return
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.5)

"""The files of ``configs/cluster``: what Ray, KubeRay, a shell and our commands make of them."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.scripts.scripts import start as ray_start

from evo_plastic.cli import group
from evo_plastic.parsing import load_experiment

HOME = Path(__file__).parent.parent
FOLDER = HOME / "configs" / "cluster"
GUIDE = HOME / "docs" / "cluster.md"

# By hand from KubeRay 1.5.1, ray-operator/apis/ray/v1: there is no schema to validate against.
JOB_KEYS = {"entrypoint", "backoffLimit", "shutdownAfterJobFinishes", "rayClusterSpec"}
CLUSTER_KEYS = {"rayVersion", "authOptions", "headGroupSpec", "workerGroupSpecs"}
HEAD_KEYS = {"serviceType", "enableIngress", "rayStartParams", "template"}
WORKER_KEYS = {
    *("groupName", "replicas", "minReplicas", "maxReplicas"),
    *("rayStartParams", "template"),
}


@pytest.fixture(scope="module")
def kinds() -> dict[str, Any]:
    documents = yaml.safe_load_all((FOLDER / "rayjob.yaml").read_text())
    return {document["kind"]: document for document in documents}


@pytest.fixture(scope="module")
def ray_up() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "ray-up.yaml").read_text())
    return loaded


def parse(command: click.Command, words: list[str]) -> None:
    """Click's own errors for options that do not exist; nothing is run."""
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, words
        command, words = found, words[1:]
    command.make_context(command.name, list(words), resilient_parsing=True)


def evo_plastic_commands(text: str) -> list[list[str]]:
    """Words after ``evo-plastic`` of every command in a shell script."""
    joined = text.replace("\\\n", " ")
    found = re.findall(r"(?:^|exec)\s*evo-plastic ([^\n|<>&#]*)", joined, re.MULTILINE)
    return [shlex.split(words) for words in found]


def ray_starts(commands: list[str]) -> list[list[str]]:
    found = [re.search(r"ray start (.*)", command) for command in commands]
    return [shlex.split(match[1]) for match in found if match]


def test_ray_up_is_valid_for_ray(ray_up: dict[str, Any]) -> None:
    validate_config(prepare_config(ray_up))
    assert ray_up["min_workers"] == ray_up["max_workers"] == len(ray_up["provider"]["worker_ips"])
    starts = ray_starts(ray_up["head_start_ray_commands"] + ray_up["worker_start_ray_commands"])
    assert len(starts) == 2
    for words in starts:
        parse(ray_start, words)


def test_a_cluster_of_ray_up_demands_a_token_and_shows_nothing(ray_up: dict[str, Any]) -> None:
    assert ray_up["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"
    (exports,) = [line for line in ray_up["setup_commands"] if "~/.bashrc" in line]
    assert "RAY_AUTH_MODE=token" in exports
    for line in ray_up["head_start_ray_commands"] + ray_up["worker_start_ray_commands"]:
        assert "ray start" not in line or "RAY_USAGE_STATS_ENABLED=0" in line
    (head,) = ray_starts(ray_up["head_start_ray_commands"])
    assert "--dashboard-host=127.0.0.1" in head


def test_what_ray_up_installs_is_ours(ray_up: dict[str, Any]) -> None:
    (installing,) = [line for line in ray_up["setup_commands"] if "pip install" in line]
    assert "-c constraints.txt -e '.[cluster]'" in installing
    assert (HOME / "constraints.txt").exists()


def test_the_rayjob_has_the_fields_of_kuberay(kinds: dict[str, Any]) -> None:
    job = kinds["RayJob"]
    assert job["apiVersion"] == "ray.io/v1"
    assert set(job["spec"]) <= JOB_KEYS
    cluster = job["spec"]["rayClusterSpec"]
    assert set(cluster) <= CLUSTER_KEYS
    assert set(cluster["headGroupSpec"]) <= HEAD_KEYS
    for workers in cluster["workerGroupSpecs"]:
        assert set(workers) <= WORKER_KEYS
    for part in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        parameters = part["rayStartParams"]
        assert all(isinstance(value, str) for value in parameters.values())
        parse(ray_start, [f"--{name}={value}" for name, value in parameters.items()])


def test_the_rayjob_demands_a_token_and_shows_nothing(kinds: dict[str, Any]) -> None:
    spec = kinds["RayJob"]["spec"]
    cluster = spec["rayClusterSpec"]
    assert spec["shutdownAfterJobFinishes"] is True
    assert cluster["authOptions"] == {"mode": "token"}
    assert cluster["headGroupSpec"]["serviceType"] == "ClusterIP"
    assert cluster["headGroupSpec"]["enableIngress"] is False
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    for container in containers(kinds):
        assert {"name": "RAY_USAGE_STATS_ENABLED", "value": "0"} in container["env"]


def containers(kinds: dict[str, Any]) -> list[dict[str, Any]]:
    cluster = kinds["RayJob"]["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [one for part in groups for one in part["template"]["spec"]["containers"]]


def test_the_parts_of_the_rayjob_fit(kinds: dict[str, Any]) -> None:
    head = kinds["RayJob"]["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]
    runs, experiment = head["volumes"]
    assert (
        runs["persistentVolumeClaim"]["claimName"]
        == (kinds["PersistentVolumeClaim"]["metadata"]["name"])
    )
    assert experiment["configMap"]["name"] == kinds["ConfigMap"]["metadata"]["name"]
    (container,) = head["containers"]
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    scripts = [kinds["RayJob"]["spec"]["entrypoint"].split()[-1]]
    scripts += container["lifecycle"]["preStop"]["exec"]["command"][-1:]
    for script in scripts:
        assert Path(script).parent == Path(mounted["experiment"])
        assert Path(script).name in kinds["ConfigMap"]["data"]
    assert f"run={mounted['runs']}/" in kinds["ConfigMap"]["data"]["train.sh"]
    assert len({container["image"] for container in containers(kinds)}) == 1
    waits = {one["name"]: one["value"] for one in container["env"]}
    assert int(waits["RAY_JOB_STOP_WAIT_TIME_S"]) < head["terminationGracePeriodSeconds"]


def test_the_experiment_of_the_rayjob_is_one(kinds: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(kinds["ConfigMap"]["data"]["config.yaml"])
    assert load_experiment(tmp_path / "c.yaml", ()).experiment.network.name == "dec-prnn"


def scripts() -> list[str]:
    documents = yaml.safe_load_all((FOLDER / "rayjob.yaml").read_text())
    data = next(one["data"] for one in documents if one["kind"] == "ConfigMap")
    return [data["train.sh"], data["stop.sh"], (FOLDER / "slurm.sh").read_text()]


@pytest.mark.parametrize("script", scripts(), ids=["train", "stop", "slurm"])
def test_scripts_are_bash(script: str) -> None:
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_commands_in_files_and_guide_exist() -> None:
    found = []
    guide = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    for text in (*scripts(), *guide):
        for words in evo_plastic_commands(text):
            parse(group, words)
            found.append(words[0])
    assert {"train", "submit", "jobs"} <= set(found)
    assert len(found) > 8


def test_slurm_demands_a_token_of_its_own() -> None:
    text = (FOLDER / "slurm.sh").read_text()
    assert "export RAY_AUTH_MODE=token RAY_AUTH_TOKEN RAY_USAGE_STATS_ENABLED=0" in text
    assert "--include-dashboard=false" in text

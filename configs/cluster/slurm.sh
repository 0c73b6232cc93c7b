#!/bin/bash
# One training on the nodes of one Slurm job, from the folder that holds .venv:
#
#   sbatch configs/cluster/slurm.sh configs/maze9.yaml "$PWD/runs/maze9" [--set KEY=VALUE …]
#
# The same line again goes on with the run. Nodes, CPUs and time are set here or on the command
# line of sbatch, before the script; the run must lie on storage that the first node sees.
#
#SBATCH --job-name=evo-plastic
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem-per-cpu=1G
#SBATCH --time=24:00:00
#SBATCH --signal=B:TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.log

set -euo pipefail

config=$1
run=$2
shift 2
resume=()
if [ -e "$run/manifest.json" ]; then
    resume=(--resume)
fi

# shellcheck source=/dev/null
. .venv/bin/activate
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1

evo-plastic config check "$config" "$@" > /dev/null # a mistake ends the job before Ray starts

# Ray listens on every interface of every node: a token of this job alone keeps others out.
RAY_AUTH_TOKEN=$(python -c 'import secrets; print(secrets.token_hex(32))')
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN RAY_USAGE_STATS_ENABLED=0
export RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S=0 # or nodes stay taken for half a minute at the end

# Jobs may share a node, so each has ports and a folder of its own. Sockets want a short name.
port=$((20000 + SLURM_JOB_ID % 20000))
client=() # Ray's client server, which comes with ray[default]: the head ends if its port is taken
if python -c 'import grpc' 2> /dev/null; then
    client=("--ray-client-server-port=$((port + 20000))")
fi
head=$(hostname -I | cut -d ' ' -f 1)
node=(--block "--num-cpus=$SLURM_CPUS_PER_TASK" --object-store-memory=200000000
    --dashboard-agent-listen-port=0)
# Where Slurm binds tasks to CPUs, a task has one unless its step asks for all of the job.
step=("--cpus-per-task=$SLURM_CPUS_PER_TASK" --output=%x-%j-ray.log --open-mode=append)

trap 'exit 143' TERM # as the training does, which takes the place of this script
up=/tmp/ray-$SLURM_JOB_ID/ray_current_cluster # which the head writes when it is up
rm -f "$up" # of the same job before it was requeued
# On a busy machine Ray misses its own limit for a start.
# shellcheck disable=SC2016
srun --nodes=1 --ntasks=1 --nodelist="$SLURMD_NODENAME" "${step[@]}" \
    bash -c 'ray start "$@" || ray start "$@" || ray start "$@"' - \
    --head "--node-ip-address=$head" "--port=$port" --include-dashboard=false \
    "--temp-dir=/tmp/ray-$SLURM_JOB_ID" "${client[@]}" "${node[@]}" &
until [ -e "$up" ]; do
    if ! kill -0 $! 2> /dev/null; then
        echo "error: Ray did not start: $SLURM_JOB_NAME-$SLURM_JOB_ID-ray.log says why" >&2
        exit 4
    fi
    sleep 1
done

others=$((SLURM_JOB_NUM_NODES - 1))
if [ "$others" -gt 0 ]; then # where Ray does not come up, or dies, it is started again
    # shellcheck disable=SC2016
    srun --nodes="$others" --ntasks="$others" --exclude="$SLURMD_NODENAME" "${step[@]}" \
        bash -c 'until ray start "$@"; do sleep 5; done' - "--address=$head:$port" "${node[@]}" &
fi

# It has the process of this script, to which Slurm sends TERM two minutes before the time is up,
# and with which Slurm ends Ray on every node.
exec evo-plastic train "$config" --run "$run" "${resume[@]}" \
    --set pool.backend=ray --set "pool.address=$head:$port" "$@"

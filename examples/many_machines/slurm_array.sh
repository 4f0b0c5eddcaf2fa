#!/usr/bin/env bash
# Slurm: one task of the array for each scenario, one machine for each task. In the project's
# folder, which all nodes share:
#   ./scripts/bench --list                                          # builds
#   export SCENARIOS="ping_pong worker_pool"
#   job=$(sbatch --parsable --array=0-1%1 --nodelist=NODE examples/many_machines/slurm_array.sh)
#   sbatch --dependency=afterany:"$job" --output=results/slurm-%j.log \
#     --wrap="./scripts/report results/slurm-$job/*"
# Words behind the script are options of ./scripts/bench: --rounds 24. docs/many_machines.md says
# when to leave out %1 and --nodelist, and what CLONE=yes is for.
#SBATCH --job-name=queue_bench
#SBATCH --array=0
#SBATCH --nodes=1
#SBATCH --exclusive
#SBATCH --mem=0
#SBATCH --time=02:00:00
#SBATCH --output=results/slurm-%A_%a.log
set -euo pipefail

read -ra scenarios <<<"${SCENARIOS:-curated}"  # curated: the folder of the default run
scenario=${scenarios[SLURM_ARRAY_TASK_ID]}
out=$SLURM_SUBMIT_DIR/results/slurm-$SLURM_ARRAY_JOB_ID/${scenario//\//_}.$SLURMD_NODENAME

# sbatch runs a copy of this script: the project is where it was submitted.
cd "$SLURM_SUBMIT_DIR"
if [[ ${CLONE:-no} == yes ]]; then  # tasks that run at once must not build in one folder
  clone=$(mktemp -d)
  trap 'rm -rf "$clone"' EXIT
  git clone --quiet . "$clone"
  cd "$clone"
fi
./scripts/bench --no-setup --scenario "$scenario" --out "$out" "$@"

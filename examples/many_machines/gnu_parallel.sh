#!/usr/bin/env bash
# GNU parallel over ssh. HOSTS is a file with a host a line, as ~/.ssh/config names it:
#   examples/many_machines/gnu_parallel.sh HOSTS [OPTION OF ./scripts/bench]...
# Each host makes a run of its own. With SCENARIOS="ping_pong worker_pool" each scenario is measured
# once instead, on whichever host is free. docs/many_machines.md says what the hosts need.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.."

mapfile -t hosts < <(grep -v '^#' "$1")
sshlogins=$(IFS=, && printf '%s' "${hosts[*]}")
shift
out=results/parallel-$(date +%Y%m%d-%H%M%S)
mkdir -p "$out"

bench="./scripts/bench --no-setup ${*@Q} --out $out/{/}"  # {/}: a job's name without its folders
if [[ -n ${SCENARIOS:-} ]]; then
  read -ra jobs <<<"$SCENARIOS"
  bench+=" --scenario {}"
else
  jobs=()
  for host in "${hosts[@]}"; do jobs+=("$host@$host"); done  # NAME@HOST: job NAME, only for HOST
fi

# -j1: one job at a time on a host, since two would disturb each other. --joblog: host, seconds and
# exit status of each job. --return: copies the run's folder to here.
failed=0
parallel --sshlogin "$sshlogins" --hostgroups --workdir "${FOLDER:-bounded-queue-bench}" -j1 \
  --joblog "$out/jobs.tsv" --return "$out/{/}" --tag "$bench" ::: "${jobs[@]}" || failed=$?
./scripts/report "$out"/*/
exit "$failed"

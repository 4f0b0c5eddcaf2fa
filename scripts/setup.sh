# shellcheck shell=bash
# Finds out what a command needs and this machine lacks, installs it with apt, picks a Python and
# starts the command. Sourced by the commands beside it. Needs nothing but bash and coreutils: a
# bare Debian 12 has no Python, no compiler.
set -euo pipefail

ROOT=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
SETUP_LOG=$ROOT/build/setup.log
PEERS=$ROOT/cmake/Peers.cmake

PYTHON=""         # the interpreter that runs the commands, once need_python has found one
MISSING=()        # Debian packages to install
MISSING_WHY=()    # what each of them is for
WANTED=()         # Debian packages to install if that works: without them some queues are missing
WHY_NOT=""        # why `install` failed
EXIT_SETUP=3      # exit status where something is missing and cannot be installed

say() { printf '%s\n' "$*" >&2 || true; }  # standard error may be closed

missing() {  # missing PACKAGE WHAT-FOR
  MISSING+=("$1")
  MISSING_WHY+=("$2")
}

has_program() {  # has_program PROGRAM: a name on PATH, or a path
  command -v "$1" >/dev/null
}

need_program() {  # need_program PROGRAM PACKAGE WHAT-FOR
  has_program "$1" || missing "$2" "$3"
}

is_here() {  # is_here FILE: a header or a library, where compiler and CMake look
  local folder folders
  IFS=: read -ra folders <<<"${CPATH:-}:${CPLUS_INCLUDE_PATH:-}:/usr/local/include:/usr/include"
  for folder in "${folders[@]}" /usr/local/lib /usr/lib /usr/lib/*-linux-gnu; do
    if [[ -n $folder && -e $folder/$1 ]]; then return 0; fi
  done
  IFS=': ;' read -ra folders <<<"${CMAKE_PREFIX_PATH:-}"
  for folder in "${folders[@]}"; do
    if [[ -e $folder/include/$1 || -e $folder/lib/$1 ]]; then return 0; fi
  done
  return 1
}

need_header() {  # need_header HEADER PACKAGE WHAT-FOR
  is_here "$1" || missing "$2" "$3"
}

# The libraries of wrapped queues: the bq_peer(key package file ...) lines of Peers.cmake.
want_peers() {
  local call package file
  while read -r call package file _; do
    if [[ $call == "bq_peer("* ]] && ! is_here "${file%)}"; then WANTED+=("$package"); fi
  done <"$PEERS"
}

# lacking_modules PYTHON MODULE...: prints the modules that PYTHON cannot import.
lacking_modules() {
  local python=$1
  shift
  "$python" -c 'import sys; from importlib.util import find_spec
print(*[name for name in sys.argv[1:] if find_spec(name) is None])' "$@" 2>/dev/null ||
    printf '%s\n' "$*"
}

# need_python MODULE...: the first python3 that has them all, else what /usr/bin/python3 lacks.
need_python() {
  local first candidate module lacking="$*"
  first=$(command -v python3 || true)
  for candidate in python3 /usr/bin/python3; do
    if ! has_program "$candidate"; then continue; fi
    lacking=$(lacking_modules "$candidate" "$@")
    if [[ -z $lacking ]]; then
      PYTHON=$(command -v "$candidate")
      if [[ -n $first && $PYTHON != "$first" ]]; then
        say "Using $candidate: $first lacks some of: $*."
      fi
      return
    fi
  done
  need_program /usr/bin/python3 python3 "runs the commands"
  for module in $lacking; do
    case $module in
      jinja2) missing python3-jinja2 "writes the report" ;;
      matplotlib) missing python3-matplotlib "draws the plots" ;;
      numpy) missing python3-numpy "statistics and plots" ;;
      scipy) missing python3-scipy "exact tests, closed forms of queueing theory" ;;
      rich) missing python3-rich "progress bar and tables" ;;
      pytest) missing python3-pytest "runs the Python tests" ;;
      selenium) missing python3-selenium "opens the report in a browser in a test" ;;
      xdist) missing python3-pytest-xdist "runs them on all cores" ;;
      yaml) missing python3-yaml "reads the forms of .github in a test" ;;
    esac
  done
}

need_lint_tools() {
  need_program git git "lists the sources"
  need_program clang++ clang "the second compiler"
  need_program clang-format clang-format "checks the format"
  need_program clang-tidy clang-tidy "finds faults in the C++ sources"
  need_program shellcheck shellcheck "checks the shell scripts"
  need_program black black "checks the format of the Python sources"
  need_program flake8 flake8 "checks the Python style"
  need_program mypy mypy "checks the Python types"
}

need_build_tools() {
  need_program "${CXX:-c++}" g++ "the C++20 compiler"
  need_program cmake cmake "configures the build"
  need_program ninja ninja-build "runs the build"
  need_header benchmark/benchmark.h libbenchmark-dev "Google Benchmark"
  need_header gtest/gtest.h libgtest-dev "GoogleTest"
  need_header libboost_context.so libboost-context-dev "the explorer's fibers"
  need_header toml++/toml.h libtomlplusplus-dev "reads the scenarios"
  need_header nlohmann/json.hpp nlohmann-json3-dev "writes the results"
  need_header CLI/CLI.hpp libcli11-dev "reads the command line"
  need_header re2/re2.h libre2-dev "matches the names of queues"
  want_peers
}

need_gate_tools() {
  need_program git git "finds base and head"
  need_program valgrind valgrind "counts instructions"
  need_program strace strace "counts system calls"
}

find_needs() {  # find_needs COMMAND
  MISSING=()
  MISSING_WHY=()
  WANTED=()
  case $1 in
    bench | advise) need_build_tools; need_python jinja2 matplotlib numpy rich ;;
    validate) need_build_tools; need_python matplotlib numpy scipy rich ;;
    gate) need_build_tools; need_gate_tools; need_python numpy scipy rich ;;
    explore) need_build_tools; need_python rich ;;
    test) need_build_tools; need_gate_tools
          need_program spin spin "checks the model of the reference"
          need_program chromium chromium "opens the report in a test"
          need_program chromedriver chromium-driver "opens the report in a test"
          need_program mount mount "fills a small disk in a test"
          need_program /usr/share/benchmark/compare.py libbenchmark-tools "reads results.json"
          need_python jinja2 matplotlib numpy scipy rich pytest selenium xdist yaml ;;
    plot | publish | repeat) need_python matplotlib numpy rich ;;
    report) need_python jinja2 matplotlib numpy rich ;;
    plot_validation) need_python matplotlib numpy scipy rich ;;
    generate) need_build_tools; need_python matplotlib numpy scipy rich ;;
    build) need_build_tools ;;
    lint) need_lint_tools ;;
    help) need_python ;;
  esac
}

# packages_of COMMAND: prints all that it needs on a bare system, one a line, whatever is here.
packages_of() (
  # shellcheck disable=SC2317  # find_needs calls them
  has_program() { false; }
  # shellcheck disable=SC2317
  is_here() { false; }
  unset CXX
  find_needs "$1"
  printf '%s\n' "${MISSING[@]}" "${WANTED[@]}"
)

list_missing() {
  local i
  say "Missing here:"
  for i in "${!MISSING[@]}"; do printf '  %-24s %s\n' "${MISSING[i]}" "${MISSING_WHY[i]}" >&2; done
}

give_up() {  # give_up REASON: prints the one command that helps
  say "$1. Run this as root, then try again:"
  say "  apt-get update && apt-get install --no-install-recommends -y ${MISSING[*]}"
  exit "$EXIT_SETUP"
}

as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

apt_install() {  # apt_install PACKAGE...
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  as_root "${apt[@]}" update || true  # without network the packages may still be at hand
  as_root "${apt[@]}" install --no-install-recommends -y "$@"
}

install() {  # install PACKAGE...: false where that cannot be, and WHY_NOT says why
  if ! command -v apt-get >/dev/null; then
    WHY_NOT="Only apt is known here, and this system has none; on Debian 12"
    return 1
  fi
  if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
    WHY_NOT="Installing takes root, and there is no sudo"
    return 1
  fi
  mkdir -p "$ROOT/build"
  say "Installing $* with apt (log: $SETUP_LOG) ..."
  if ! apt_install "$@" </dev/null >"$SETUP_LOG" 2>&1; then
    tail -n 15 "$SETUP_LOG" >&2
    WHY_NOT="apt could not install them (log: $SETUP_LOG)"
    return 1
  fi
  hash -r
}

set_up() {  # set_up COMMAND MAY-INSTALL: all that COMMAND needs is here afterwards, or it exits
  find_needs "$1"
  if [[ ${#MISSING[@]} -gt 0 ]]; then
    list_missing
    if [[ $2 == no ]]; then give_up "Nothing is installed under --no-setup or --help"; fi
    install "${MISSING[@]}" || give_up "$WHY_NOT"
    find_needs "$1"
    if [[ ${#MISSING[@]} -gt 0 ]]; then
      list_missing
      give_up "Still missing after the installation"
    fi
  fi
  if [[ ${#WANTED[@]} -gt 0 && $2 == yes ]]; then
    install "${WANTED[@]}" || say "$WHY_NOT."
    find_needs "$1"
  fi
  if [[ ${#WANTED[@]} -gt 0 ]]; then
    say "Going on without the queues of libraries that are not here;" \
      "these packages bring them: ${WANTED[*]}"
  fi
}

set_up_all() {  # what a change to the project needs
  local command
  for command in lint test bench; do set_up "$command" yes; done
}

run_command() {  # run_command COMMAND ARGUMENT...
  local argument needs=$1 may_install=yes
  for argument in "${@:2}"; do
    case $argument in
      --no-setup) may_install=no ;;
      -h | --help) needs=help may_install=no ;;
      *) if [[ $needs == plot && -f $argument/validation.json ]]; then needs=plot_validation; fi ;;
    esac
  done
  if [[ $1 == gate ]]; then EXIT_SETUP=4; fi  # "invalid"; the gate's 3 is "inconclusive"
  set_up "$needs" "$may_install"
  # Python takes a signal that comes before it is set up for one for an error of its own.
  local signals_wait=(env "--block-signal=INT,TERM,HUP")
  "${signals_wait[@]}" true 2>/dev/null || signals_wait=()
  # PYTHONSAFEPATH: a file in the current folder must not be taken for a module.
  PYTHONSAFEPATH=1 PYTHONPATH="$ROOT/scripts" exec "${signals_wait[@]}" "$PYTHON" -m bqb "$@"
}

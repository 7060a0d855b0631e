#!/usr/bin/env bash
# Make .venv with everything this project needs, from a lock in requirements/, and the project in it.
#
#   tools/install.sh                              (or: make install)
#   PYTHON=python3.13 tools/install.sh            another Python, 3.10 to 3.13
#   LOCK=numpy1 tools/install.sh                  NumPy 1.26, up to Python 3.12
#   LOCK=onedl tools/install.sh                   MMPose on the maintained fork of its foundations
#   VENV=.venv-other tools/install.sh             a second environment beside the first
#
# Reuses what is there: answers at once when .venv fits this checkout, mends it when it does not. What was chosen stays
# until another is. Exit codes: 0 ready, 2 something on this machine has to be mended first, 1 pip failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=${VENV:-.venv}
stamp=$venv/shg_xai-installed   # written last: there only when the installation is whole
begun=$venv/shg_xai-begun       # there while pip works: a killed installation is built afresh
chosen=$venv/shg_xai-lock       # the name of its lock
log=$venv/shg_xai-install.log
lock=${LOCK:-$(cat "$chosen" 2>/dev/null || echo numpy2)}
requirements=requirements/$lock.txt
newest=13
pip_process=0
# Packages of another place, and pip's settings for another place, have no say in .venv.
unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONNOUSERSITE=1
# Python compiles what it imports when it first does; pip would take a minute to compile it all, most of it for nobody.
compile=--no-compile
if [[ -n "${PYTHONDONTWRITEBYTECODE:-}" ]]; then compile=--compile; fi  # else nobody would keep it
export MMCV_WITH_OPS=0  # onedl-mmcv has no wheel, and builds without a compiler like this

fail() { printf 'error: %s\n' "$@" >&2; exit 2; }

check_platform() {
    case "$(uname -s) $(uname -m)" in
        'Linux x86_64' | 'Linux aarch64' | 'Darwin arm64') ;;
        *) fail "this is $(uname -s) on $(uname -m), for which PyTorch $(sed -n 's/^torch==//p' "$requirements") has no wheel;
  use x86-64 or arm64 Linux (on Windows: WSL2) or macOS on Apple silicon,
  or install MMPose by its own guide, then: pip install -e ." ;;
    esac
}

# Is $1 a Python that fits?
fits() {
    "$1" -c "import sys, venv, ensurepip
sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, $newest) or sys.implementation.name != 'cpython')" \
        >/dev/null 2>&1 </dev/null
}

find_python() {
    local candidate candidates=(python3 python3.13 python3.12 python3.11 python3.10 python)
    # xtcocotools has its wheel for 3.11 and NumPy 1.
    if [[ $lock == numpy1 ]]; then candidates=(python3.11 "${candidates[@]}"); fi
    if [[ -n "${PYTHON:-}" ]]; then candidates=("$PYTHON"); fi
    for candidate in "${candidates[@]}"; do
        if fits "$candidate"; then command -v "$candidate"; return; fi
    done
    fail "found no Python 3.10 to 3.$newest with its venv module (tried: ${candidates[*]});
  install one in one of these ways and run the same command again:
    Debian, Ubuntu:   sudo apt install python3 python3-venv
    macOS:            brew install python@3.$newest
    conda, mamba:     conda create -n pose python=3.$newest && conda activate pose
    pyenv:            pyenv install 3.$newest && pyenv shell 3.$newest
  or name it: make install PYTHON=/path/to/python3"
}

# Is .venv of the Python that is asked for, if one is, and of this lock?
is_as_asked() {
    [[ ! -e $begun ]] && fits "$venv/bin/python" || return 1
    [[ "$(cat "$chosen" 2>/dev/null)" == "$lock" ]] || return 1
    [[ -z "${PYTHON:-}" ]] || [[ "$("$PYTHON" -V 2>&1)" == "$("$venv/bin/python" -V 2>&1)" ]]
}

# What .venv was made from. The path is part of it: a venv does not survive being moved.
fingerprint() {
    { pwd -P; cat "$requirements" pyproject.toml setup.py; } | cksum
}

# Run pip with the arguments given, saying every few seconds how far it is; pip's status comes back.
pip_install() {
    local doing done
    "$venv/bin/python" -m pip install --progress-bar off --no-input --no-deps "$compile" "$@" >>"$log" 2>&1 </dev/null &
    pip_process=$!  # global: the trap below reads it, Ctrl-C must not leave pip at work
    while kill -0 "$pip_process" 2>/dev/null; do
        sleep 1
        (( SECONDS % 5 == 0 )) || continue
        doing=downloading
        done=$(grep -cE '^(Collecting|Requirement already)' "$log" || true)
        if grep -q '^Installing collected packages' "$log"; then
            doing=unpacking
            done=$(find "$venv"/lib/python3.*/site-packages -maxdepth 2 -path '*.dist-info/RECORD' | wc -l)
        fi
        printf '[%3d s] %s: %d packages of about 130\n' "$SECONDS" "$doing" "$done"
    done
    wait "$pip_process"
}

give_up() {
    { grep -v '^WARNING: Location' "$log" || true; } | tail -n 15 >&2
    echo "error: the installation failed; its whole log is $log; run the same command again to retry" >&2
    exit 1
}

# MMPose's own tools run here too: what shg_xai/compat.py does is done as soon as MMEngine is imported.
mend_mmpose() {
    cat >"$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/shg_xai_mmpose.pth" <<'END'
import sys; exec("try:\n from shg_xai.import_hook import install; install()\nexcept ModuleNotFoundError: pass")
END
}

main() {
    local mark python free_gb wheels=(--only-binary :all:)
    [[ -f $requirements ]] || fail "LOCK=$lock: there is no $requirements; choose numpy2, numpy1 or onedl"
    if [[ $lock == numpy1 ]]; then newest=12; fi
    check_platform
    # Two makes at once take turns; the lock lies on a file that is there anyway.
    exec 9<"$requirements"
    if command -v flock >/dev/null; then flock 9; fi
    mark=$(fingerprint)
    if [[ -f $stamp && "$(<"$stamp")" == "$mark" ]] && is_as_asked; then
        return
    fi
    if ! is_as_asked; then
        python=$(find_python)
        free_gb=$(df -Pk . | awk 'NR == 2 { print int($4 / 1048576) }')
        (( free_gb >= 10 )) || fail "$free_gb GB are free here, the installation needs 10 while it downloads: make room"
        echo "Making $venv with $python"
        "$python" -m venv --clear "$venv"
    fi
    rm -f "$stamp"
    : >"$begun"
    : >"$log"
    echo "$lock" >"$chosen"
    echo "Installing the packages of $requirements into $venv, a few minutes (on Linux 3 GB to download, 6 GB on disk)"
    trap 'kill "$pip_process" 2>/dev/null || true' EXIT
    # The fork is published as source.
    if [[ $lock == onedl ]]; then wheels=(--prefer-binary); fi
    pip_install "${wheels[@]}" -r "$requirements" || give_up
    # Two installations at once would build the project in this one folder: they take turns.
    exec 8<pyproject.toml
    if command -v flock >/dev/null; then flock 8; fi
    pip_install --no-build-isolation -e . || give_up
    exec 8<&-
    mend_mmpose
    trap - EXIT
    echo 'Checking that it starts'
    "$venv/bin/python" -c 'import torch, cv2, mmengine, shg_xai.compat; shg_xai.compat.prepare(); import mmpose' \
        >>"$log" 2>&1 || give_up
    rm -f "$begun"
    printf '%s\n' "$mark" >"$stamp.part"
    mv "$stamp.part" "$stamp"
    echo "Ready in $SECONDS s: $venv/bin/python"
}

main

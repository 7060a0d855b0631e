#!/usr/bin/env bash
# Make .venv with everything this project needs, from requirements/linux.txt, and the project in it.
#
#   tools/install.sh                        (or: make install)
#   PYTHON=/path/to/python3.11 tools/install.sh
#
# Reuses what is there: answers at once when .venv fits this checkout, mends it when it does not.
# Exit codes: 0 ready, 2 something on this machine has to be mended first, 1 pip failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=.venv
requirements=requirements/linux.txt
stamp=$venv/shg_xai-installed   # written last: there only when the installation is whole
begun=$venv/shg_xai-begun       # there while pip works: a killed installation is built afresh
log=$venv/shg_xai-install.log
pip_process=0
# Packages of another place, and pip's settings for another place, have no say in .venv.
unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONNOUSERSITE=1

fail() { printf 'error: %s\n' "$@" >&2; exit 2; }

check_platform() {
    if [[ "$(uname -s) $(uname -m)" != 'Linux x86_64' ]]; then
        fail "this is $(uname -s) on $(uname -m), the pinned packages are for x86-64 Linux only;
  use such a machine (on Windows: WSL2), or install MMPose by its own guide, then: pip install -e ."
    fi
}

# Is $1 a Python that fits? 3.11 exactly: xtcocotools has its wheel for no later one.
fits() {
    "$1" -c 'import sys, venv, ensurepip
sys.exit(sys.version_info[:2] != (3, 11) or sys.implementation.name != "cpython")' \
        >/dev/null 2>&1 </dev/null
}

find_python() {
    local candidate candidates=(python3.11 python3 python)
    if [[ -n "${PYTHON:-}" ]]; then candidates=("$PYTHON"); fi
    for candidate in "${candidates[@]}"; do
        if fits "$candidate"; then command -v "$candidate"; return; fi
    done
    fail "found no Python 3.11 with its venv module (tried: ${candidates[*]});
  install it in one of these ways and run the same command again:
    Debian 12:        sudo apt install python3.11 python3.11-venv
    Ubuntu:           the same; where apt has no python3.11, first: sudo add-apt-repository ppa:deadsnakes/ppa
    conda, mamba:     conda create -n py311 python=3.11 && conda activate py311
    pyenv:            pyenv install 3.11 && pyenv shell 3.11
  or name it: make install PYTHON=/path/to/python3.11"
}

# What .venv was made from. The path is part of it: a venv does not survive being moved.
fingerprint() {
    { pwd -P; cat "$requirements" pyproject.toml setup.py; } | sha256sum | cut -d ' ' -f 1
}

# Run pip with the arguments given, saying every few seconds how far it is; pip's status comes back.
pip_install() {
    local total installed
    total=$(grep -c '==' "$requirements")
    "$venv/bin/python" -m pip install --progress-bar off --no-input "$@" >>"$log" 2>&1 </dev/null &
    pip_process=$!  # global: the trap below reads it, Ctrl-C must not leave pip at work
    while kill -0 "$pip_process" 2>/dev/null; do
        sleep 1
        (( SECONDS % 5 == 0 )) || continue
        if grep -q '^Installing collected packages' "$log"; then
            installed=$(find "$venv"/lib/python3.11/site-packages -maxdepth 2 -path '*.dist-info/RECORD' -not -path '*/pip-*' | wc -l)
            printf '[%3d s] unpacking: %d of %d packages\n' "$SECONDS" "$installed" "$total"
        else
            installed=$(grep -cE '^(Collecting|Requirement already)' "$log" || true)
            printf '[%3d s] downloading: %d of %d packages\n' "$SECONDS" "$installed" "$total"
        fi
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
    local mark python free_gb
    check_platform
    # Two makes at once take turns; the lock lies on a file that is there anyway.
    exec 9<"$requirements"
    if command -v flock >/dev/null; then flock 9; fi
    mark=$(fingerprint)
    if [[ -f $stamp && "$(<"$stamp")" == "$mark" && ! -e $begun ]] && fits "$venv/bin/python"; then
        return
    fi
    if [[ -e $begun ]] || ! fits "$venv/bin/python"; then
        python=$(find_python)
        free_gb=$(df -Pk . | awk 'NR == 2 { print int($4 / 1048576) }')
        (( free_gb >= 7 )) || fail "$free_gb GB are free here, the installation needs 7: make room"
        echo "Making $venv with $python"
        "$python" -m venv --clear "$venv"
    fi
    rm -f "$stamp"
    : >"$begun"
    : >"$log"
    echo "Installing the packages of $requirements into $venv: about 3 GB to download, 6 GB on disk," \
        'a few minutes'
    trap 'kill "$pip_process" 2>/dev/null || true' EXIT
    pip_install --no-deps --only-binary :all: -r "$requirements" || give_up
    pip_install --no-deps --no-build-isolation -e . || give_up
    mend_mmpose
    trap - EXIT
    echo 'Checking that it starts'
    "$venv/bin/python" -c 'import torch, cv2, mmengine, mmpose, shg_xai' >>"$log" 2>&1 || give_up
    rm -f "$begun"
    printf '%s\n' "$mark" >"$stamp.part"
    mv "$stamp.part" "$stamp"
    echo "Ready in $SECONDS s: $venv/bin/python"
}

main

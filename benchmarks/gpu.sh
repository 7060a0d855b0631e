#!/usr/bin/env bash
# What the full size does on a GPU, in a quarter of an hour: benchmarks/gpu.sh DATA OUT [PYTHON]
#
# DATA is in the layout of COCO, some thousands of persons. OUT gets a log of each part and table.md. TRY=1 runs the
# same commands in small, on whatever is here.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
data=${1:?the folder of the persons} out=${2:?a folder for logs} python=${3:-.venv/bin/python}
mkdir -p "$out"
export PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH}
small=()
rounds=5 batch=32 seconds=8 epochs=24 milestones='[17,22]' limit=6000 minutes=8 device=cuda
if [[ -n "${TRY:-}" ]]; then
    rounds=1 batch=2 seconds=1 epochs=1 milestones='[1]' limit=8 device=cpu
    small=(train_dataloader.dataset.indices=8 val_dataloader.dataset.indices=8)
fi

part() {  # NAME COMMAND...: run it, say how long it took and how it ended
    local name=$1 start=$SECONDS
    shift
    "$@" >"$out/$name.log" 2>&1
    echo "$name: exit $?, $((SECONDS - start)) s" | tee -a "$out/parts.txt"
}

: >"$out/parts.txt"
part network "$python" benchmarks/network.py --device $device --batch $batch --rounds $rounds --json "$out/network.json"
part throughput "$python" benchmarks/throughput.py --data-root "$data" --batch $batch --seconds $seconds \
    --json "$out/throughput.json"
part storing "$python" benchmarks/capture.py "$data" --split train --persons "$limit" --rounds 3 --amp
part tests "$python" -m pytest -q -p no:cacheprovider tests/test_models tests/test_datasets/test_batches.py \
    tests/test_runner/test_cuda_graph.py tests/test_runner/test_bfloat16.py -m 'not slow'
# Full size on these persons: what PCK after so many minutes?
part train timeout $((minutes * 60)) "$python" tools/train.py configs/shg_strong_coco.py --data-root "$data" \
    --work-dir "$out/full" --cfg-options train_cfg.max_epochs=$epochs train_cfg.val_interval=4 \
    "param_scheduler.1.milestones=$milestones" "${small[@]}"
checkpoint=$(find "$out/full" -name 'best_*.pth' -o -name 'epoch_*.pth' | sort | head -1)
for alone in '' --no-predictions; do
    part "dump$alone" "$python" tools/dump_latents.py configs/shg_strong_coco.py "${checkpoint:-none}" \
        --data-root "$data" --split train --layers backbone.hourglasses.0.bottleneck_residuals --limit $limit \
        $alone --out "$out/latents$alone"
done
{
    cat "$out/parts.txt"
    for log in network throughput; do grep '^|' "$out/$log.log"; echo; done
    grep -h 'time with' "$out/storing.log"
    tail -n 1 "$out/tests.log"
    grep -o 'Epoch(val).*pck/visible' "$out/train.log"
    for log in "$out"/dump*.log; do grep -ho '[0-9.]*pass/s' "$log" | tail -n 1; done
} >"$out/table.md"
cat "$out/table.md"

#!/usr/bin/env python3
"""Does training in bf16 cost likelihood? Paired seeds of small RBMs, exact test log-likelihoods.

For each seed the recipe mnist-rbm20 (784-20, persistent chains, averaged parameters) is trained with products in
f32 and in bf16; the exact log-likelihood of the binarised MNIST test set is compared pair by pair.

usage: benchmarks/precision_quality.py --program build/release/bin/harmonium [--seeds 10] [--out FILE.md]
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Student's t: the 95 % point for a two-sided interval of 90 %, by degrees of freedom.
STUDENT_95 = {1: 6.314, 2: 2.920, 3: 2.353, 4: 2.132, 5: 2.015, 6: 1.943, 7: 1.895, 8: 1.860, 9: 1.833,
              14: 1.761, 19: 1.729, 29: 1.699}


def log_likelihood(program, seed, precision, folder):
    out = pathlib.Path(folder) / f"{precision}-{seed}"
    subprocess.run([program, "run", str(ROOT / "recipes/mnist-rbm20.toml"), "--seed", str(seed), "--precision",
                    precision, "--out", str(out), "--quiet", "--set", "measure.mixing_steps=10"],
                   check=True, stdout=subprocess.DEVNULL)
    return json.loads((out / "metrics.json").read_text())["measures"]["test_log_likelihood"]["value"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/harmonium"))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out")
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, args.seeds + 1):
            pair = [log_likelihood(args.program, seed, precision, folder) for precision in ("f32", "bf16")]
            rows.append((seed, *pair))
            print(f"seed {seed}: f32 {pair[0]:.3f}, bf16 {pair[1]:.3f}", file=sys.stderr, flush=True)
    differences = [bf16 - f32 for _, f32, bf16 in rows]
    n = len(differences)
    mean = sum(differences) / n
    deviation = math.sqrt(sum((d - mean) ** 2 for d in differences) / max(n - 1, 1))
    half = STUDENT_95.get(n - 1, 1.645) * deviation / math.sqrt(n)
    lines = ["| seed | f32 (nats) | bf16 (nats) | bf16 - f32 |", "| --- | --- | --- | --- |"]
    lines += [f"| {seed} | {f32:.3f} | {bf16:.3f} | {bf16 - f32:+.3f} |" for seed, f32, bf16 in rows]
    lines.append(f"| mean | {sum(r[1] for r in rows) / n:.3f} | {sum(r[2] for r in rows) / n:.3f} | {mean:+.3f} |")
    text = "\n".join(lines) + f"\n\n90 % interval of the mean difference: {mean - half:+.3f} to {mean + half:+.3f} nats.\n"
    print(text)
    if args.out:
        pathlib.Path(args.out).write_text(text)


if __name__ == "__main__":
    main()

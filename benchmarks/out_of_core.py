#!/usr/bin/env python3
"""Training on a file larger than memory beside the same machine trained on data in memory.

    build/bench-venv/bin/python benchmarks/out_of_core.py --size 40GB

Makes the file (make_bytes.py), reads a part of it to learn what the disk gives, trains one epoch on it, trains on
MNIST in memory, prints rates in cases a second and peak resident memory as a Markdown table, and removes the file.
Pages of the file that the system has kept are dropped before each reading. Run it as it stands for a cold file; the
share of the memory rate counts only where the disk gives more bytes a second than training takes.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import time

import make_bytes

sys.path.insert(0, str(make_bytes.ROOT / "benchmarks/compare"))
import compare  # noqa: E402
import peer  # noqa: E402


def drop_pages(path):
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def disk_rate(path, most):
    """Bytes a second of a plain sequential read of at most `most` bytes."""
    drop_pages(path)
    buffer, done = bytearray(8 << 20), 0
    begin = time.perf_counter()
    with open(path, "rb", buffering=0) as file:
        while done < most and (count := file.readinto(buffer)):
            done += count
    return done / (time.perf_counter() - begin)


def train(options, data, epochs):
    """What `train --json` prints, with peak memory. A failure ends the program with its sentence."""
    command = [options.build / "bin/harmonium", "train", data, "--layers", f"data - {options.hidden}", "--epochs", epochs,
               "--batch", options.batch, "--rate", peer.RATE, "--momentum", peer.MOMENTUM, "--l2", peer.WEIGHT_COST,
               "--out", "model.safetensors", "--force", "--threads", options.threads, "--precision",
               options.precision, "--json", "--quiet"]
    result = compare.call(command, options.threads, options.limit)
    if "unavailable" in result:
        raise SystemExit(f"out_of_core: {result['unavailable']}")
    return result


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=make_bytes.size_in_bytes, default="40GB")
    parser.add_argument("--file", type=pathlib.Path, default=compare.ROOT / "build/bench/data/large.npy",
                        help="where it is made; one that is there already is used and kept")
    parser.add_argument("--hidden", type=int, default=500)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--memory-epochs", type=int, default=5, help="timed epochs of MNIST")
    parser.add_argument("--limit", type=int, default=7200, help="seconds after which a run is ended")
    parser.add_argument("--build", type=pathlib.Path, default=compare.ROOT / "build/release")
    return parser.parse_args()


def measure(options, path):
    cases = (path.stat().st_size - 128) // 784
    disk = disk_rate(path, 4 << 30)
    compare.say(f"out_of_core: the disk gives {disk / 1e6:.0f} MB/s; training on {cases:,} cases")
    drop_pages(path)
    large = train(options, path, 1)
    compare.say("out_of_core: training on MNIST in memory")
    first, rest = train(options, "mnist", 1), train(options, "mnist", 1 + options.memory_epochs)
    in_memory = 60000 * options.memory_epochs / (rest["seconds"] - first["seconds"])
    on_disk = cases / large["seconds"]
    print(f"784 x {options.hidden}, batch {options.batch}, {options.threads} threads, precision {options.precision}; "
          f"the disk gives {disk / 1e6:.0f} MB/s, training in memory takes {784e-6 * in_memory:.0f} MB/s.\n")
    print("| data | cases | size | cases / s | of the rate in memory | peak MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    print(f"| MNIST in memory | 60,000 | 47 MB | {in_memory:.0f} | | {rest['peak_bytes'] / 1e6:.0f} |")
    print(f"| file | {cases:,} | {path.stat().st_size / 1e9:.1f} GB | {on_disk:.0f} | {100 * on_disk / in_memory:.0f} % |"
          f" {large['peak_bytes'] / 1e6:.0f} |")


def main():
    options = parse()
    path = options.file.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    made = not path.exists()
    try:
        if made:
            compare.say(f"out_of_core: writing {path}")
            # In a process of its own: a child's peak memory begins with what its parent holds when it is made.
            subprocess.run([sys.executable, make_bytes.__file__, f"{options.size // 1000}kB", path],
                           stdout=sys.stderr, check=True)
        measure(options, path)
    finally:
        if made:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes a large .npy of bytes that looks like MNIST: its digits again and again, in random order, each moved by up
to two pixels, so that no two passes over the digits are equal and the statistics are those of handwriting.

    build/bench-venv/bin/python benchmarks/make_bytes.py 40GB large.npy

The file is written from beginning to end; the same size and seed give the same bytes. Needs NumPy.
"""

import argparse
import os
import pathlib
import re
import shutil
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks/compare"))
import peer  # noqa: E402

SIDE, MOST = 28, 2  # pixels a digit is wide, pixels that it is moved at most


def size_in_bytes(text):
    match = re.fullmatch(r"([0-9.]+)(kB|MB|GB|TB)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"a size is a number and kB, MB, GB or TB, as in 40GB, not \"{text}\"")
    return int(float(match[1]) * 1000 ** ("kB", "MB", "GB", "TB").index(match[2]) * 1000)


def header(cases):
    text = repr({"descr": "|u1", "fortran_order": False, "shape": (cases, SIDE * SIDE)}).ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode("ascii")  # 128 bytes


def moved(padded, generator):
    """All digits in a random order, each moved: cases x 784."""
    order = generator.permutation(len(padded))
    moves = generator.integers(0, 2 * MOST + 1, (len(padded), 2))
    result = np.empty((len(padded), SIDE, SIDE), np.uint8)
    for down in range(2 * MOST + 1):
        for right in range(2 * MOST + 1):
            chosen = np.flatnonzero((moves == (down, right)).all(axis=1))
            result[chosen] = padded[order[chosen], down : down + SIDE, right : right + SIDE]
    return result.reshape(len(padded), SIDE * SIDE)


def write(path, size, seed):
    """Returns the number of cases. Replaces the file only when it is complete."""
    cases = max(1, (size - 128) // (SIDE * SIDE))
    if shutil.disk_usage(path.parent).free < size:
        raise SystemExit(f"{path.parent} has less than {size / 1e9:.1f} GB free")
    digits = peer.read_bytes(str(ROOT / "data/mnist/train-images-idx3-ubyte.gz"), 0).reshape(-1, SIDE, SIDE)
    padded = np.pad(digits, ((0, 0), (MOST, MOST), (MOST, MOST)))
    generator = np.random.Generator(np.random.Philox(seed))
    part, done, said = path.with_name(path.name + ".part"), 0, time.monotonic()
    try:
        with open(part, "wb") as file:
            file.write(header(cases))
            while done < cases:
                block = moved(padded, generator)[: cases - done]
                file.write(block.data)
                done += len(block)
                if time.monotonic() - said > 5:
                    said = time.monotonic()
                    print(f"make_bytes: {done * SIDE * SIDE / 1e9:.1f} of {size / 1e9:.1f} GB", file=sys.stderr)
            file.flush()
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # the reader shall find it on the disk
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", type=size_in_bytes, help="as in 40GB")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cases = write(options.out.resolve(), options.size, options.seed)
    print(f"{options.out}: {cases} x {SIDE * SIDE} bytes")


if __name__ == "__main__":
    main()

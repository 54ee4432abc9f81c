"""What the peers share: options, the data, the clock, and the one line of JSON that each prints.

A peer trains the same machine on the same bytes as harmonium. It prints seconds per epoch of training alone: a
first epoch warms up and is not counted, and reading the data is not. Peak memory is measured from outside.
"""

import argparse
import gzip
import importlib.metadata
import json
import sys
import time

RATE, MOMENTUM, WEIGHT_COST = 0.05, 0.9, 0.0002


def parse(description, **more):
    """Options that every peer takes; `more` is name=default for those of one peer."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", required=True, help="idx3 (.gz) or .npy of bytes")
    parser.add_argument("--cases", type=int, default=0, help="the first so many; 0 is all")
    parser.add_argument("--hidden", type=int, default=500)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=3, help="timed ones, after one that is not")
    parser.add_argument("--threads", type=int, default=1)
    for name, default in more.items():
        parser.add_argument("--" + name, default=default)
    return parser.parse_args()


def read_bytes(path, cases):
    """A cases x units array of uint8 from an idx3 file or a .npy."""
    import numpy as np

    if path.endswith(".npy"):
        values = np.load(path, mmap_mode="r")
    else:
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
            content = file.read()
        kind, sizes = content[2:4], content[4:16]
        if kind != b"\x08\x03":
            sys.exit(f"{path}: not an idx file of bytes with three dimensions")
        count, height, width = (int.from_bytes(sizes[i : i + 4], "big") for i in (0, 4, 8))
        values = np.frombuffer(content, np.uint8, offset=16).reshape(count, height * width)
    return np.ascontiguousarray(values[: cases or len(values)])


def read_unit_interval(path, cases):
    """The same as f32 in [0, 1]: bytes are divided by 255, unless they are all 0 or 1."""
    import numpy as np

    values = read_bytes(path, cases)
    return values.astype(np.float32) / np.float32(255 if values.max() > 1 else 1)


def time_epochs(epoch, count):
    """Mean seconds of `epoch()`, called once before that is counted."""
    epoch()
    begin = time.perf_counter()
    for _ in range(count):
        epoch()
    return (time.perf_counter() - begin) / count


def report(package, seconds, **more):
    version = importlib.metadata.version(package)
    print(json.dumps({"seconds_per_epoch": seconds, "version": f"{package} {version}", **more}), flush=True)


def run(main):
    """Calls main(); a package that is not there is an answer, not a failure."""
    try:
        main()
    except ImportError as error:
        print(json.dumps({"unavailable": str(error).splitlines()[0]}), flush=True)

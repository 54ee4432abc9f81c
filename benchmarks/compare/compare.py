#!/usr/bin/env python3
"""Harmonium beside PyTorch, scikit-learn, rbms and learnergy: the same bytes, algorithm, batch and threads.

Contenders take turns, one process each, for several rounds; the table has medians. Beside them runs
products_of_a_batch, which says how long the products of a batch take by themselves (T(products)). Needs the
standard library only; the peers run in the environment of scripts/install-benchmark-peers.sh.
"""

import argparse
import contextlib
import dataclasses
import functools
import json
import os
import pathlib
import platform
import random
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import threading
import time

import peer

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
MNIST = ROOT / "data/mnist/train-images-idx3-ubyte.gz"


@dataclasses.dataclass(frozen=True)
class Shape:
    visible: int
    hidden: int
    batch: int
    cases: int  # of an epoch; a multiple of the batch, so that all epochs are equal
    epochs: int  # timed in a round, after one that is not

    @property
    def name(self):
        return f"{self.visible}x{self.hidden}x{self.batch}"


SHAPES = [
    Shape(784, 500, 100, 60000, 3),
    Shape(784, 20, 10, 60000, 3),
    Shape(784, 4096, 256, 15360, 1),
    Shape(4096, 4096, 1000, 5000, 1),
]


@dataclasses.dataclass
class Contender:
    """One row of the table. `measure()` is one round: {"seconds_per_epoch", "peak_bytes", ...} or {"unavailable"}."""

    program: str
    algorithm: str
    precision: str
    threads: int
    measure: object
    results: list = dataclasses.field(default_factory=list)

    @property
    def name(self):
        return f"{self.program} {self.algorithm} {self.precision} x{self.threads}"

    def values(self, key):
        return [result[key] for result in self.results if key in result]

    @property
    def seconds(self):
        values = self.values("seconds_per_epoch")
        return statistics.median(values) if values else None


def say(text):
    print(text, file=sys.stderr, flush=True)


def why_not(result):
    """Why a result has no time."""
    return result.get("unavailable", "too short to tell from the noise of this machine")


# ---- running programs ------------------------------------------------------------------------------------------


def busy_seconds():
    """Processor seconds used on this machine since it started, by anyone."""
    try:
        ticks = [int(word) for word in open("/proc/stat").readline().split()[1:9]]
    except OSError:
        return None
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")  # without idle and waiting for a disk


def call(command, threads, limit):
    """Runs a command and returns the JSON that it prints, with its peak memory and how many processors
    others kept busy meanwhile. Waits asleep. A failure is {"unavailable": the last line that it wrote}."""
    environment = dict(os.environ)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[name] = str(threads)
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # another processor's kernels would slow NumPy
        environment.pop(name, None)
    environment["TORCHINDUCTOR_CACHE_DIR"] = str(ROOT / "build/bench/inductor")
    work = ROOT / "build/bench/work"
    work.mkdir(parents=True, exist_ok=True)
    output, errors = work / "output", work / "errors"
    before, begin = busy_seconds(), time.monotonic()
    with open(output, "wb") as out, open(errors, "wb") as err:
        try:
            process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=err, cwd=work,
                                       env=environment)
        except OSError as error:
            return {"unavailable": f"{error.strerror}: {error.filename}"}
        usage, code = wait(process, limit)
    elapsed = max(time.monotonic() - begin, 1e-9)
    if code != 0:
        lines = errors.read_text(errors="replace").strip().splitlines() or [f"exit code {code}"]
        return {"unavailable": lines[-1][:200] if code >= 0 else f"ended by signal {-code} or after {limit} s"}
    text = output.read_text()
    try:
        result = json.loads(text[text.index("{") :])
    except ValueError:
        return {"unavailable": "no JSON in its output"}
    result["peak_bytes"] = usage.ru_maxrss * 1024
    if before is not None:
        result["others"] = max(0.0, busy_seconds() - before - usage.ru_utime - usage.ru_stime) / elapsed
    return result


def wait(process, limit):
    """Usage and exit code of a child. Only os.wait4 tells one child's peak memory; a timer ends one that hangs."""
    timer = threading.Timer(limit, process.kill)
    timer.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        raise
    finally:
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage, process.returncode


@contextlib.contextmanager
def kept_busy(count):
    """Keeps so many processors busy with other programs, to see who suffers from it."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


# ---- contenders ------------------------------------------------------------------------------------------------


class Comparison:
    def __init__(self, options):
        self.options = options
        self.build = pathlib.Path(options.build)
        self.python = ROOT / "build/bench-venv/bin/python"
        self.versions = {}

    def data(self, shape):
        """The training file: MNIST, or random 0/1 bytes for widths that MNIST does not have."""
        return MNIST if shape.visible == 784 else random_bits(shape)

    def harmonium(self, shape, threads, algorithm, precision):
        """Seconds of 1 + n epochs less those of one epoch, both as `train` reports them: reading the data is in
        neither, writing the model is in both. All options but those of the comparison are the defaults."""

        def seconds(epochs):
            command = [self.build / "bin/harmonium", "train", "mnist" if shape.visible == 784 else self.data(shape)]
            command += ["--layers", f"data - {shape.hidden}", "--epochs", epochs, "--batch", shape.batch]
            command += ["--limit", shape.cases, "--rate", peer.RATE, "--out", "model.safetensors", "--force"]
            if algorithm == "CD-1":
                command += ["--momentum", peer.MOMENTUM, "--l2", peer.WEIGHT_COST]
            else:
                command += ["--negative", algorithm.lower(), "--chains", shape.batch]
            command += ["--threads", threads, "--precision", precision, "--json", "--quiet"]
            return call(command, threads, self.options.limit)

        first = seconds(1)
        if "unavailable" in first:
            return first
        result = seconds(1 + shape.epochs)
        if "unavailable" not in result:
            if result["seconds"] > first["seconds"]:  # else other programs hid the difference
                result["seconds_per_epoch"] = (result["seconds"] - first["seconds"]) / shape.epochs
            inspect = [self.build / "bin/harmonium", "inspect", "model.safetensors", "--json"]
            result["took"] = call(inspect, 1, self.options.limit).get("precision")
        return result

    def script(self, name, shape, threads, *more):
        command = [self.python, HERE / name, "--data", self.data(shape), "--cases", shape.cases, "--hidden",
                   shape.hidden, "--batch", shape.batch, "--epochs", shape.epochs, "--threads", threads, *more]
        return call(command, threads, self.options.limit)

    @functools.cache
    def fastest_way(self, shape, threads, precision):
        say(f"{shape.name}: which way PyTorch is fastest in {precision} on {threads} threads")
        return self.script("pytorch_cd.py", shape, threads, "--precision", precision, "--way", "tune")

    def pytorch(self, shape, threads, precision):
        tuned = self.fastest_way(shape, threads, precision)
        if not tuned.get("ways"):
            return {"unavailable": tuned.get("unavailable", "no way works here")}
        return self.script("pytorch_cd.py", shape, threads, "--precision", precision, "--way", tuned["ways"][0])

    def contenders(self, shape):
        rows = []

        def add(program, algorithm, precision, measure):
            rows.extend(Contender(program, algorithm, precision, threads, functools.partial(measure, threads))
                        for threads in self.options.threads)

        for precision in self.options.precisions:
            add("harmonium", "CD-1", precision,
                lambda threads, precision=precision: self.harmonium(shape, threads, "CD-1", precision))
        for precision in ("f32", "bf16"):
            add("PyTorch", "CD-1", precision,
                lambda threads, precision=precision: self.pytorch(shape, threads, precision))
        if shape.hidden == 500:
            add("learnergy", "CD-1", "f32", lambda threads: self.script("learnergy_cd.py", shape, threads))
            for precision in self.options.precisions:
                add("harmonium", "PCD", precision,
                    lambda threads, precision=precision: self.harmonium(shape, threads, "PCD", precision))
            add("scikit-learn", "PCD", "f32", lambda threads: self.script("sklearn_pcd.py", shape, threads))
            add("rbms", "PCD", "f32", lambda threads: self.script("rbms_pcd.py", shape, threads))
        return [row for row in rows if re.search(self.options.only, row.name)]

    def round_trip(self):
        """Nanoseconds of a word between two processors and back at this moment, or None."""
        return call([self.build / "bin/round_trip"], 2, self.options.limit).get("round_trip_ns")

    def products(self, shape, threads):
        return call([self.build / "bin/products_of_a_batch", "--shape", shape.name, "--threads", threads,
                     "--rounds", 3], threads, self.options.limit)

    def run_shape(self, shape):
        """All rounds of one shape. Returns the contenders with their results, and products by threads."""
        with kept_busy(self.options.busy):
            return self.run_rounds(shape)

    def run_rounds(self, shape):
        rows = self.contenders(shape)
        products = {threads: [] for threads in self.options.threads if self.options.products}
        for number in range(self.options.rounds):
            say(f"{shape.name}: round {number + 1} of {self.options.rounds}")
            for row in rows:
                if row.results and "unavailable" in row.results[-1]:
                    continue
                result = row.measure()
                if row.threads == 2 and "seconds_per_epoch" in result:
                    result["round_trip"] = self.round_trip()
                row.results.append(result)
                if "version" in result:
                    self.versions[row.program] = result["version"]
                say(f"  {row.name}: " + (f"{result['seconds_per_epoch']:.3f} s an epoch"
                                         if "seconds_per_epoch" in result else why_not(result)))
            for threads, found in products.items():
                result = self.products(shape, threads)
                if "unavailable" in result:
                    say(f"  products x{threads}: {result['unavailable']}")
                    continue
                found.append(result)
                say(f"  products x{threads}: {1e3 * result['seconds_a_batch']['f32']:.3f} ms a batch in f32, "
                    f"{1e3 * result['seconds_a_batch']['bf16']:.3f} ms in bf16")
        return rows, products


def random_bits(shape):
    """A .npy of 0/1 bytes, one in five of them 1, the same at every call."""
    path = ROOT / f"build/bench/data/bits-{shape.cases}x{shape.visible}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        header = repr({"descr": "|u1", "fortran_order": False, "shape": (shape.cases, shape.visible)})
        header = header.ljust(117) + "\n"  # 128 bytes with what precedes it
        table, generator = bytes(byte < 51 for byte in range(256)), random.Random(1)
        with open(path.with_suffix(".part"), "wb") as file:
            file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode("ascii"))
            for _ in range(shape.cases):
                file.write(generator.randbytes(shape.visible).translate(table))
        path.with_suffix(".part").rename(path)
    return path


# ---- the table -------------------------------------------------------------------------------------------------


def took_bf16(row):
    """Whether a harmonium row took bf16 products: the model that it wrote says so."""
    return "bf16" in row.values("took")


def products_of_epoch(shape, row, products):
    """T(products) of an epoch in seconds, in the row's precision and threads."""
    found = products.get(row.threads)
    if row.program != "harmonium" or not found:
        return None
    key = "bf16" if took_bf16(row) else "f32"
    return statistics.median(result["seconds_a_batch"][key] for result in found) * shape.cases / shape.batch


def baseline(rows, algorithm):
    """PyTorch in f32 (for PCD, scikit-learn) at its better number of threads."""
    program = "PyTorch" if algorithm == "CD-1" else "scikit-learn"
    seconds = [row.seconds for row in rows
               if (row.program, row.algorithm, row.precision) == (program, algorithm, "f32") and row.seconds]
    return program, min(seconds, default=None)


def algorithm_table(shape, rows, products, algorithm):
    program, base = baseline(rows, algorithm)
    lines = [f"| {algorithm} | precision | threads | s / epoch | range | times {program} f32 | peak MB | T(products) s |"
             " share |", "| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |"]
    for row in (row for row in rows if row.algorithm == algorithm):
        if row.seconds is None:
            reason = why_not(row.results[-1])
            lines.append(f"| {row.program} | {row.precision} | {row.threads} | not run: {reason.replace('|', '/')} |"
                         " | | | | |")
            continue
        values, limit = row.values("seconds_per_epoch"), products_of_epoch(shape, row, products)
        way = next(iter(row.values("way")), None)
        lines.append("| " + " | ".join([
            row.program + (f" ({way})" if way else ""), row.precision, str(row.threads), f"{row.seconds:.3f}",
            f"{min(values):.3f}-{max(values):.3f}", f"{base / row.seconds:.2f}" if base else "",
            f"{max(row.values('peak_bytes')) / 1e6:.0f}", f"{limit:.3f}" if limit else "",
            f"{100 * limit / row.seconds:.0f} %" if limit else ""]) + " |")
    return lines


def products_table(products):
    """Milliseconds of each product by each library, medians over the rounds."""
    runs = [run for found in products.values() for run in found[:1]]
    if not runs:
        return []
    names = sorted({name for run in runs for product in run["products"] for name in product["seconds"]})
    lines = ["| product, ms | threads | " + " | ".join(names) + " |", "| --- | ---: |" + " ---: |" * len(names)]
    for threads, found in products.items():
        for index, product in enumerate(found[0]["products"] if found else []):
            cells = []
            for name in names:
                values = [run["products"][index]["seconds"].get(name) for run in found]
                cells.append(f"{1e3 * statistics.median(values):.3f}" if None not in values else "")
            times = "" if product["times_a_batch"] == 1 else f" (x{product['times_a_batch']})"
            lines.append(f"| {product['product']}{times} | {threads} | " + " | ".join(cells) + " |")
    return lines


def shape_section(comparison, shape, rows, products):
    data = "MNIST bytes" if shape.visible == 784 else "random 0/1 bytes"
    lines = [f"## {shape.visible} x {shape.hidden}, batch {shape.batch}", "",
             f"{shape.cases:,} cases of {data}; rounds: {comparison.options.rounds}, epochs timed in each: {shape.epochs}.", ""]
    for algorithm in ("CD-1", "PCD"):
        if any(row.algorithm == algorithm for row in rows):
            lines += algorithm_table(shape, rows, products, algorithm) + [""]
    lines += products_table(products)
    lines += round_trips(rows)
    others = [value for row in rows for value in row.values("others")]
    if others:
        lines += ["", f"Processors kept busy by other programs meanwhile: {statistics.median(others):.2f} in the "
                  f"median run, {max(others):.2f} at most."]
    return lines + [""]


def round_trips(rows):
    """Each round of the rows on two threads, with how far apart their processors were right after it."""
    pairs = [(row, [f"{result['seconds_per_epoch']:.3f} ({result['round_trip']:.0f})" for result in row.results
                    if result.get("round_trip")]) for row in rows]
    pairs = [(row, values) for row, values in pairs if values]
    if not pairs:
        return []
    return ["", "Two threads, round by round: s / epoch, and in brackets the nanoseconds that a word took to the other "
            "processor and back just after.", ""] + [
                f"- {row.program} {row.algorithm} {row.precision}: {', '.join(values)}" for row, values in pairs]


@functools.cache
def processor_flags():
    return next((line for line in cpu_lines() if line.startswith("flags")), "")


def cpu_lines():
    try:
        return pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


def first_line(command):
    try:
        return subprocess.run([str(word) for word in command], capture_output=True, text=True).stdout.split("\n")[0]
    except OSError:
        return ""


def introduction(comparison):
    model = next((line.split(":")[1].strip() for line in cpu_lines() if line.startswith("model name")),
                 platform.machine())
    vectors = [name for name in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16") if f" {name}" in processor_flags()]
    versions = ["harmonium " + first_line([comparison.build / "bin/harmonium", "--version"]),
                "commit " + first_line(["git", "-C", ROOT, "describe", "--always", "--dirty"])]
    versions += sorted(set(comparison.versions.values())) + ["Python " + platform.python_version()]
    return ["# harmonium beside its peers", "",
            f"Machine: {model}, {os.cpu_count()} processors ({', '.join(vectors)}), {platform.system()}.", f"Versions: {', '.join(versions)}.",
            f"Command: `make bench BENCH_ARGS=\"{shlex.join(sys.argv[1:])}\"`.", "",
            "Medians; contenders took turns in one run. Seconds are of training alone, a first epoch not counted; peak "
            "memory is of the whole process. CD-1 has momentum 0.9 and weight cost 0.0002. T(products) is the time of an "
            "epoch's products, each by the fastest library of this machine on the same threads; the share is "
            "T(products) / epoch. rbms' chains have centred gradients, learnergy differentiates free energies.", ""]


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    names = ",".join(shape.name for shape in SHAPES)
    numbers = lambda text: [int(word) for word in text.split(",")]  # noqa: E731
    parser.add_argument("--shapes", default=names, help=f"VxHxB, with commas (default: {names})")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=numbers, default=sorted({1, min(2, os.cpu_count() or 1)}))
    parser.add_argument("--precisions", type=lambda text: text.split(","), default=["auto", "f32"],
                        help="of the harmonium rows (default: auto,f32)")
    parser.add_argument("--only", default="", help="a regular expression of rows, as in 'harmonium|PyTorch CD-1 f32 x1'")
    parser.add_argument("--cases", type=int, help="cases of an epoch instead of the shape's own")
    parser.add_argument("--epochs", type=int, help="epochs of a round instead of the shape's own")
    parser.add_argument("--no-products", dest="products", action="store_false", help="leave T(products) out")
    parser.add_argument("--busy", type=int, default=0, help="processors that other programs keep busy meanwhile")
    parser.add_argument("--limit", type=int, default=1800, help="seconds after which a run is ended")
    parser.add_argument("--build", default=ROOT / "build/release", help="folder of harmonium's build")
    parser.add_argument("--out", default=ROOT / "build/bench/table.md")
    options = parser.parse_args()
    options.shapes = [find_shape(parser, name, options) for name in options.shapes.split(",")]
    return options


def find_shape(parser, name, options):
    found = next((shape for shape in SHAPES if shape.name == name), None)
    if found is None:
        match = re.fullmatch(r"(\d+)x(\d+)x(\d+)", name)
        if not match:
            parser.error(f"a shape is VxHxB, as in 784x500x100, not \"{name}\"")
        visible, hidden, batch = map(int, match.groups())
        found = Shape(visible, hidden, batch, max(1, 20000 // batch) * batch, 1)
    cases = min(options.cases or found.cases, 60000 if found.visible == 784 else 10**9)
    cases = max(1, cases // found.batch) * found.batch
    return dataclasses.replace(found, cases=cases, epochs=options.epochs or found.epochs)


def main():
    options = parse()
    comparison = Comparison(options)
    out = pathlib.Path(options.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    sections = []
    for shape in options.shapes:
        rows, products = comparison.run_shape(shape)
        sections += shape_section(comparison, shape, rows, products)
        out.write_text("\n".join(introduction(comparison) + sections))  # what is done stays when the rest is ended
    shutil.rmtree(ROOT / "build/bench/work", ignore_errors=True)
    print(out.read_text())


if __name__ == "__main__":
    main()

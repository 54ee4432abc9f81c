#!/usr/bin/env python3
"""Copies what finished runs measured into results/ and writes results/README.md from it.

usage: scripts/collect-results.py runs/NAME ...
The numbers are copied, never edited; the times come from timing.json beside them.
"""
import json
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results"


def number(value):
    return f"{value:.5g}"


def rows_of_run(metrics):
    for name, m in metrics["measures"].items():
        error = f" ± {m['standard_error']:.2g}" if "standard_error" in m else ""
        cases = f", {m['cases']} cases" if "cases" in m else ""
        yield name.replace("_", " "), number(m["value"]) + error, m["unit"] + cases + ("; " + m["how"] if m["how"] else "")


# What a comparison of seeds is about; the rest is in its metrics.json.
COMPARED = ("kl_from_data", "log_likelihood", "log_probability", "bracket", "test_error", "test_error_greedy", "read_as_label", "_ratio", "effective_runs")


def spread_of(m, seeds):
    """A measure over the seeds of a comparison; of one seed there is its value alone."""
    if seeds == 1:
        return number(m["median"])
    spread = f"worst {number(m['worst'])}, median {number(m['median'])}, best {number(m['best'])}"
    if "mean" not in m:
        return spread
    deviation = f" ± {m['deviation']:.2g}" if "deviation" in m else ""
    return f"mean {number(m['mean'])}{deviation}, {spread}"


def rows_of_sweep(metrics):
    for variant, entry in metrics["variants"].items():
        count = len(entry["seeds"])
        seeds = f"seed{'s' if count > 1 else ''} " + ", ".join(str(s) for s in entry["seeds"])
        for name, m in entry["measures"].items():
            if not name.endswith(COMPARED):
                continue
            nats = "nats, " if any(word in name for word in ("kl_", "log_")) else ""
            yield f"{name.replace('_', ' ')}, {variant}", spread_of(m, count), nats + seeds
        for sentence in entry["warnings"]:
            yield f"the doctor on {variant}", "", sentence


def timing_of_sweep(folder):
    """The timing.json of each run in a comparison, by the name of its folder."""
    runs = sorted(folder.glob("*/timing.json"))
    return {run.parent.name: json.loads(run.read_text()) for run in runs}


def main(folders):
    for folder in map(pathlib.Path, folders):
        place = RESULTS / folder.name
        place.mkdir(parents=True, exist_ok=True)
        for name in ("metrics.json", "timing.json"):
            if (folder / name).exists():
                shutil.copy(folder / name, place / name)
        for pattern in ("fantasies*.png", "fantasies*.gif", "own-class.png", "other-classes.png", "mistakes.png"):
            for picture in folder.glob(pattern):
                shutil.copy(picture, place / picture.name)
        if runs := timing_of_sweep(folder):
            (place / "timing.json").write_text(json.dumps(runs, indent=2) + "\n")
    text = ["# Results", "",
            "What the recipes gave, with the command of each run. Written by `scripts/collect-results.py` from the",
            "`metrics.json` of each run; nothing is edited by hand. Times are those of the machine that ran them.", ""]
    for place in sorted(p for p in RESULTS.iterdir() if (p / "metrics.json").exists()):
        metrics = json.loads((place / "metrics.json").read_text())
        text += [f"## {place.name}", "", f"`{metrics['command']}`", ""]
        if "seed" in metrics:
            products = f", products in {metrics['precision']}" if "precision" in metrics else ""
            text += [f"Seed {metrics['seed']}, harmonium {metrics['library_version']}{products}."]
        if (place / "timing.json").exists():
            timing = json.loads((place / "timing.json").read_text())
            for run, t in {"": timing}.items() if "training_seconds" in timing else timing.items():
                seconds = t["training_seconds"]
                where = f" of {t['processor']} ({t['vectors']})" if "processor" in t else ""
                text += [f"Training {run + ' ' if run else ''}took {seconds:.{0 if seconds >= 10 else 1}f} s on {t['threads']} thread{'s' if t['threads'] > 1 else ''}{where}."]
        text += ["", "| measure | value | |", "| --- | --- | --- |"]
        rows = rows_of_sweep(metrics) if "variants" in metrics else rows_of_run(metrics)
        text += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows] + [""]
        text += [f"![{p.stem}]({place.name}/{p.name})\n" for p in sorted([*place.glob("*.png"), *place.glob("*.gif")])]
    (RESULTS / "README.md").write_text("\n".join(text))


if __name__ == "__main__":
    main(sys.argv[1:])

#!/usr/bin/python3
"""
Proves that the tests can fail: applies each patch of tests/mutants/ to a copy of the tree, builds what its test needs,
and requires that this test, which passes without the patch, turns red. A patch starts with two lines:

    Test: the one that must fail: PROGRAM: CASE, PROGRAM alone, or a file and test for pytest (FILE::TEST[PARAMETER])
    Why:  what is wrong with the product now

The last line printed is `N passed, N failed`.
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD_NAME = os.environ.get("BUILD", "build")
WORKERS = 2
TIME_LIMIT_S = 300
EXCERPT_LINES = 20

# Whatever an outer make has set is not for the inner one.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


class Wrong(Exception):
    """Why a mutant proves nothing."""


@dataclasses.dataclass(frozen=True)
class Mutant:
    path: pathlib.Path
    test: str

    @property
    def name(self):
        return self.path.stem


def read_mutant(path):
    match = re.match(r"Test: (.+)\nWhy: +\S.*\n", path.read_text())
    if not match:
        raise SystemExit(f"{path}: does not start with Test: and Why:")
    return Mutant(path, match.group(1).strip())


def run(tree, *command, input_path=None):
    """Exit status and output; None for the status of a command that had to be killed."""
    with open(input_path or os.devnull, "rb") as source:
        try:
            done = subprocess.run(list(map(str, command)), cwd=tree, env=ENVIRONMENT, stdin=source,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIME_LIMIT_S)
        except subprocess.TimeoutExpired as expired:
            return None, (expired.stdout or b"").decode(errors="replace")
    return done.returncode, done.stdout.decode(errors="replace")


def excerpt(text):
    return "\n".join(text.strip().splitlines()[-EXCERPT_LINES:])


def build(tree, *targets):
    status, output = run(tree, "make", f"BUILD={BUILD_NAME}", *targets)
    if status != 0:
        raise Wrong(f"does not build:\n{excerpt(output)}")


def passes_pytest(tree, test):
    build(tree, "all")
    status, output = run(tree, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", test)
    if status not in (None, 0, 1):
        raise Wrong(f"pytest cannot run {test}:\n{excerpt(output)}")
    return status == 0


def passes_program(tree, test):
    name, _, case = test.partition(": ")
    tree_name = "tsan" if name.startswith("tsan_") else "asan"
    program = f"{BUILD_NAME}/{tree_name}/tests/{name}"
    build(tree, program)
    status, output = run(tree, "env", "CMOCKA_MESSAGE_OUTPUT=TAP", program)
    if not case:
        return status == 0
    return re.search(rf"^ok \d+ - {re.escape(case)}$", output, re.MULTILINE) is not None


def passes(tree, test):
    return passes_pytest(tree, test) if "::" in test else passes_program(tree, test)


def check(tree, mutant):
    """Raises Wrong unless the mutant's test passes without the patch and fails with it."""
    if not passes(tree, mutant.test):
        raise Wrong(f"{mutant.test} fails without the patch, too")
    status, output = run(tree, "git", "apply", "-p1", mutant.path)
    if status != 0:
        raise Wrong(f"does not apply:\n{output}")
    try:
        if passes(tree, mutant.test):
            raise Wrong(f"survives: {mutant.test} still passes")
    finally:
        run(tree, "git", "apply", "-p1", "-R", mutant.path)


def copy_tree(destination):
    """The sources and what is built of them, so that a mutant costs one compilation."""
    def unwanted(folder, names):
        if pathlib.Path(folder) != TOP:
            return []
        return [name for name in names if name == ".git" or (name.startswith("build") and name != BUILD_NAME)]

    shutil.copytree(TOP, destination, ignore=unwanted, symlinks=True)
    # `git apply` would otherwise look for a repository around it, and skip what lies outside of that one.
    subprocess.run(["git", "init", "-q", str(destination)], check=True)
    return destination


def report(mutant, problem):
    print(f"  {mutant.name}: " + (f"FAILED: {problem}" if problem else f"turns red: {mutant.test}"), flush=True)
    return problem is None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", dest="wanted", default="", metavar="NAME", help="only mutants whose name contains NAME")
    arguments = parser.parse_args()
    mutants = [read_mutant(path) for path in sorted((TOP / "tests" / "mutants").glob("*.patch"))
               if arguments.wanted in path.stem]

    with tempfile.TemporaryDirectory(prefix="polyglot-mutants-") as directory:
        trees = queue.SimpleQueue()
        for i in range(WORKERS):
            trees.put(copy_tree(pathlib.Path(directory) / str(i)))

        def work(mutant):
            tree = trees.get()
            try:
                check(tree, mutant)
                return None
            except Wrong as wrong:
                return str(wrong)
            finally:
                trees.put(tree)

        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            outcomes = list(map(report, mutants, pool.map(work, mutants)))

    print(f"{sum(outcomes)} passed, {len(outcomes) - sum(outcomes)} failed")
    return 0 if outcomes and all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

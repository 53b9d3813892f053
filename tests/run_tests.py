#!/usr/bin/python3
"""
Runs every test that there is, host programs first, and says at the end what was skipped, what failed and why, and, in
the last line, `N passed, N failed`. Everything must have been built (`make test` does both).
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / os.environ.get("BUILD", "build")

WORKERS = int(os.environ.get("POLYGLOT_WORKERS", 2))  # guests at a time
FUZZ_S, FUZZ_ALL_S = 6, 60  # of each fuzzer; `make fuzz` is for more
PROGRAM_TIME_LIMIT_S = 600
EXCERPT_LINES = 40
PYTEST_NO_TESTS = 5

TAP_RESULT = re.compile(r"^(ok|not ok) \d+ - (\S+)(.*)$", re.MULTILINE)


@dataclasses.dataclass
class Results:
    passed: int = 0
    failed: list = dataclasses.field(default_factory=list)  # (name, excerpt of its log)
    skipped: list = dataclasses.field(default_factory=list)  # (name, reason)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def excerpt(text):
    return "\n".join(text.strip().splitlines()[-EXCERPT_LINES:])


def run_program(command, **environment):
    """Exit status and all output of a host program; one that takes too long has failed."""
    try:
        done = subprocess.run(list(map(str, command)), env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PROGRAM_TIME_LIMIT_S)
    except subprocess.TimeoutExpired as expired:
        return 1, (expired.stdout or b"").decode(errors="replace") + f"\nno end within {PROGRAM_TIME_LIMIT_S} s"
    except OSError as error:
        return 1, f"cannot be run: {error}"
    return done.returncode, done.stdout.decode(errors="replace")


def run_cmocka(program, wanted):
    """A cmocka program: each of its cases counts; so does one that ends badly for another reason, as a failure."""
    status, output = run_program([program], CMOCKA_MESSAGE_OUTPUT="TAP")
    results = Results()
    all_failed = 0
    for verdict, name, rest in TAP_RESULT.findall(output):
        all_failed += verdict == "not ok"
        full_name = f"{program.name}: {name}"
        if wanted not in full_name:
            continue
        if "# SKIP" in rest:
            results.skipped.append((full_name, rest))
        elif verdict == "ok":
            results.passed += 1
        else:
            results.failed.append((full_name, excerpt(output)))
    if status and not all_failed and wanted in program.name + output:
        results.failed.append((program.name, f"exit status {status}\n{excerpt(output)}"))
    return results


def run_whole(program, arguments, wanted, **environment):
    """A program that is one test."""
    if wanted not in program.name:
        return Results()
    status, output = run_program([program, *arguments], **environment)
    if status:
        return Results(failed=[(program.name, f"exit status {status}\n{excerpt(output)}")])
    return Results(passed=1)


def run_fuzzer(program, wanted):
    corpus = BUILD / "corpus" / program.name
    corpus.mkdir(parents=True, exist_ok=True)
    # Crashing inputs are kept where `make clean` finds them.
    seconds = FUZZ_ALL_S if os.environ.get("POLYGLOT_TEST_ALL") else FUZZ_S
    limits = [f"-max_total_time={seconds}", "-max_len=65536"]
    return run_whole(program, [*limits, f"-artifact_prefix={corpus}-", corpus], wanted)


def programs(tree, pattern, wanted):
    """Programs of the sources in which the name occurs, whether or not they were built: a missing one is a failure."""
    return [BUILD / tree / "tests" / source.stem for source in sorted((TOP / "tests").glob(pattern))
            if wanted in source.stem or wanted in source.read_text()]


def run_host_programs(wanted):
    jobs = [(run_cmocka, program, wanted) for program in programs("asan", "test_*.c", wanted)]
    jobs += [(run_whole, program, [], wanted) for tree in ("tsan", "host")
             for program in programs(tree, "tsan_*.c", wanted)]
    jobs += [(run_fuzzer, program, wanted) for program in programs("fuzz", "fuzz_*.c", wanted)]
    results = Results()
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        started = {pool.submit(*job): job[1] for job in jobs}
        for future in concurrent.futures.as_completed(started):
            one = future.result()
            results.add(one)
            if one.passed or one.failed:
                print(f"  {started[future].name}: {one.passed} passed, {len(one.failed)} failed", flush=True)
    return results


def pytest_case_name(case):
    name = case.get("name").split("@")[0]  # pytest-xdist appends the name of the group
    return f"{case.get('classname', '').split('.')[-1]}: {name}"


def read_junit(path):
    results = Results()
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        name = pytest_case_name(case)
        broken = [*case.iter("failure"), *case.iter("error")]
        skipped = case.find("skipped")
        if broken:
            results.failed.append((name, excerpt(broken[0].text or broken[0].get("message", ""))))
        elif skipped is not None:
            results.skipped.append((name, skipped.get("message", "")))
        else:
            results.passed += 1
    return results


def run_pytest(folder, wanted):
    """The tests of a folder, one group of them (all that look at the same guest) per worker at a time."""
    if not list((TOP / "tests" / folder).glob("test_*.py")):
        return Results()
    junit = BUILD / f"junit-{folder}.xml"
    junit.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-n",
               str(WORKERS), "--dist", "loadgroup", f"--junitxml={junit}", str(TOP / "tests" / folder)]
    if wanted:
        command += ["-k", wanted]
    status = subprocess.run(command, cwd=TOP).returncode
    if status == PYTEST_NO_TESTS and wanted:
        return Results()
    if not junit.exists():
        return Results(failed=[(f"pytest {folder}", f"exit status {status}")])
    results = read_junit(junit)
    if status and not results.failed:
        results.failed.append((f"pytest {folder}", f"exit status {status}"))
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="boot under the full product of conditions")
    parser.add_argument("-k", dest="wanted", default="", metavar="NAME", help="only tests whose name contains NAME")
    arguments = parser.parse_args()
    if arguments.all:
        os.environ["POLYGLOT_TEST_ALL"] = "1"

    total = Results()
    for title, run in (("Host programs", lambda: run_host_programs(arguments.wanted)),
                       ("Host scripts", lambda: run_pytest("host", arguments.wanted)),
                       ("Models", lambda: run_pytest("models", arguments.wanted)),
                       ("Booted machines", lambda: run_pytest("boot", arguments.wanted))):
        print(f"{title}:", flush=True)
        start = time.monotonic()
        results = run()
        total.add(results)
        print(f"{title}: {results.passed} passed, {len(results.failed)} failed, {time.monotonic() - start:.0f} s\n",
              flush=True)

    for name, reason in total.skipped:
        print(f"skipped: {name}: {reason}")
    for name, log in total.failed:
        print(f"FAILED: {name}\n{log}\n")
    print(f"{total.passed} passed, {len(total.failed)} failed")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Times whole processes in alternating rounds: wall time, CPU time, peak resident memory.

    benches/whole_process.py TOLLTRACE LOG [ROUNDS]

LOG is a large file of Asterisk's logger; a Master.csv beside it is read in the last row. Peers that are
not installed (rg, openssl, fail2ban-regex) are left out. Machines drift, so only ratios within one run
say anything: each row gives its medians and their ratio to the row named "yardstick".
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

# What a failed authentication always contains; a search for them is the least that any tool must do.
LITERALS = [
    " failed for '", "Call from '", 'SecurityEvent="FailedACL', 'SecurityEvent="Invalid',
    'SecurityEvent="ChallengeResp', "failed to authenticate", "failed MD5 auth", "nonexistent user",
    "No registration for peer", "hacking attempt det", "Rejecting unknown SIP",
]


def measure(command):
    before = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - before
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def rows(tool, log, literals, case):
    folder = os.path.dirname(os.path.abspath(log))
    wanted = [
        ("rg -F (yardstick)", ["rg", "-c", "-F", "-f", literals, log]),
        ("assess, 1 thread", [tool, "assess", "--no-hash", "-q", "-j", "1", log]),
        ("assess, 2 threads", [tool, "assess", "--no-hash", "-q", "-j", "2", log]),
        ("assess with its CDR", [tool, "assess", "--no-hash", "-q", "-j", "2", folder]),
        ("openssl sha256 (yardstick)", ["openssl", "dgst", "-sha256", log]),
        ("run with hashing", [tool, "run", "-q", "-j", "2", "-o", case, log]),
    ]
    return [(name, command) for name, command in wanted if shutil.which(command[0])]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    tool, log = os.path.abspath(sys.argv[1]), sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    with tempfile.TemporaryDirectory() as scratch:
        literals = os.path.join(scratch, "literals")
        with open(literals, "w") as file:
            file.write("\n".join(LITERALS) + "\n")
        commands = rows(tool, log, literals, os.path.join(scratch, "case"))
        seen = {name: [] for name, _ in commands}
        for _ in range(rounds):
            for name, command in commands:
                seen[name].append(measure(command))
    yardstick = None
    print(f"{'':28}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'exit':>6}{'wall ratio':>12}")
    for name, _ in commands:
        wall, cpu, peak = (statistics.median(run[column] for run in seen[name]) for column in range(3))
        if "yardstick" in name:
            yardstick = wall
        ratio = f"{wall / yardstick:12.2f}" if yardstick else f"{'-':>12}"
        print(f"{name:28}{wall:9.3f}{cpu:9.3f}{peak:9.1f}{seen[name][-1][3]:6}{ratio}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The same job beside what people would pick instead; README.md says what is measured and how.

    python3 benches/peers/run.py

Needs Rust, Node.js with npm, and Python 3.9 or later, on Linux. Builds and installs into the target folder."""

import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time
import venv
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
PEERS = ("node", "python")
TITLES = {"ours": "this function", "node": "Node.js", "python": "Python"}
PER_REQUEST, PER_SESSION = 200, 10_000


class Failure(Exception):
    pass


class Measured(NamedTuple):
    seconds: float
    processor: float
    megabytes: float
    okta: int
    dynamodb: int


# --- What is measured


def build():
    """Builds the function and the services; gives the program that has both, and the target folder."""
    command = ["cargo", "build", "--release", "--example", "peers", "--message-format=json-render-diagnostics"]
    built = subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.PIPE, text=True)
    messages = [json.loads(line) for line in built.stdout.splitlines()]
    [program] = [it["executable"] for it in messages if it.get("executable") and it["target"]["name"] == "peers"]
    return program, pathlib.Path(program).parents[2]


def install(target):
    """Gives the commands of the peers, once all that they need is in the target folder."""
    node, python = target / "peers" / "node", target / "peers" / "python"
    if changed(HERE / "node" / "package.json", node):
        shutil.rmtree(node / "node_modules", ignore_errors=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
        subprocess.run(command, cwd=node, check=True, stdout=sys.stderr)
        shutil.copy(HERE / "node" / "package.json", node / "installed")
    # Node.js looks for modules beside the file that wants them.
    shutil.copy(HERE / "node" / "main.mjs", node)
    if changed(HERE / "python" / "requirements.txt", python):
        venv.create(python, clear=True, with_pip=True)
        command = [python / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"]
        subprocess.run(command, cwd=HERE / "python", check=True, stdout=sys.stderr)
        shutil.copy(HERE / "python" / "requirements.txt", python / "installed")
    return {
        "node": ["node", str(node / "main.mjs")],
        "python": [str(python / "bin" / "python"), str(HERE / "python" / "main.py")],
    }


def changed(wanted, folder):
    """Whether something else is installed in a folder than is wanted, of which it gets a copy."""
    folder.mkdir(parents=True, exist_ok=True)
    installed = folder / "installed"
    if installed.exists() and installed.read_bytes() == wanted.read_bytes():
        return False
    shutil.copy(wanted, folder)
    return True


class Services:
    """DynamoDB with so many users, and an Okta that knows nobody, in a process of their own."""

    def __init__(self, program, users):
        tables = [f"--table={state_table(client)}" for client in PEERS]
        command = [program, "serve", f"--users={users}", *tables]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addresses = self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failure("the services have ended")
        return json.loads(line)

    def asked(self):
        """What was asked of them since this was last called, and what came of it."""
        print(file=self.process.stdin, flush=True)
        return self.answer()

    def environment(self, client):
        at = self.addresses
        return {
            "PATH": os.environ["PATH"],
            # Where nobody has settings of their own for AWS or Okta.
            "HOME": str(HERE),
            "USERS_TABLE": at["usersTable"],
            "STATE_TABLE": state_table(client) if client in PEERS else at["stateTable"],
            "OKTA_IDENTITY_SOURCE_ID": at["identitySource"],
            "AWS_ENDPOINT_URL_DYNAMODB": at["dynamodb"],
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            # This function's own. Nobody here waits for the end of an import.
            "OKTA_ORG_URL": at["okta"],
            "OKTA_CREDENTIALS": json.dumps({"apiToken": at["token"]}),
            "HISTORY_TABLE": at["historyTable"],
            "WATCH_SECONDS": "0",
            # Okta's SDKs read these.
            "OKTA_CLIENT_ORGURL": at["okta"],
            "OKTA_CLIENT_TOKEN": at["token"],
            "OKTA_TESTING_TESTINGDISABLEHTTPSCHECK": "true",
            "NODE_ENV": "production",
            "NODE_NO_WARNINGS": "1",
        }


def state_table(client):
    return f"state-{client}"


# --- Measuring


def run(client, command, services, users, upserts):
    """Runs a client once. Figures of a run that did not do its work are worth nothing."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=HERE, env=services.environment(client), stdout=subprocess.PIPE, text=True)
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    asked = services.asked()

    def check(what, got, expected):
        if got != expected:
            raise Failure(f"{TITLES[client]}: {what}: {got} instead of {expected}, in {said!r} and {asked}")

    check("exit code", process.returncode, 0)
    check("what it did", json.loads(said), {"users": users, "upserts": upserts, "deactivations": 0})
    check("broken rules of Okta's", asked["violations"], [])
    check("calls that Okta refused", asked["refused"], 0)
    check("active at Okta", asked["active"], users)
    check("loads", asked["loads"], -(-upserts // PER_REQUEST))
    check("imports", asked["imports"], -(-upserts // PER_SESSION))
    # What the kernel says of a child includes its parent until the child's program began.
    if used.ru_maxrss <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
        raise Failure("this program has more memory than the client that it measures")
    processor, megabytes = used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6
    measured = Measured(seconds, processor, megabytes, asked["okta"], asked["dynamodb"])
    print(f"  {TITLES[client]}, {users:,} users, {upserts:,} told: {seconds:.2f} s", file=sys.stderr)
    return measured, asked


def by_turns(clients, rounds):
    """So that whatever else the machine does meets all alike; another one begins each round."""
    names = list(clients)
    for turn in range(rounds):
        at = turn % len(names)
        yield from names[at:] + names[:at]


def first_load(program, clients, users, rounds):
    runs, directories = {client: [] for client in clients}, {}
    for client in by_turns(clients, rounds):
        with Services(program, users) as services:
            measured, asked = run(client, clients[client], services, users, upserts=users)
        runs[client].append(measured)
        directories[asked["directory"]] = client
    if len(directories) > 1:
        raise Failure(f"Okta has other users of {' than of '.join(directories.values())}")
    return runs


def unchanged(program, clients, users, rounds):
    runs = {client: [] for client in clients}
    with Services(program, users) as services:
        for client, command in clients.items():
            run(client, command, services, users, upserts=users)
            # The first run after it still has to learn how the last import ended.
            run(client, command, services, users, upserts=0)
        for client in by_turns(clients, rounds):
            runs[client].append(run(client, clients[client], services, users, upserts=0)[0])
    return runs


# --- The table


def medians(runs):
    return {client: Measured(*map(statistics.median, zip(*of_client))) for client, of_client in runs.items()}


def table(title, users, figures, start):
    """Prints what was measured; `start` is what each client takes where there is nothing to do."""
    print(f"\n{title}\n")
    print("| | seconds | users a second | processor time | beyond starting | peak memory | requests to Okta | to DynamoDB |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for client, it in figures.items():

        def cell(figure, form, client=client):
            value, of_ours = figure(client), figure("ours")
            ratio = value / of_ours if of_ours else 0
            # Times what this function has.
            times = f" ({ratio:.{0 if ratio >= 10 else 1 if ratio >= 1 else 2}f})" if ratio and client != "ours" else ""
            return form.format(value) + times

        cells = [
            f"{it.seconds:.2f}",
            cell(lambda of: users / figures[of].seconds, "{:,.0f}") if users else "",
            cell(lambda of: figures[of].processor, "{:.2f} s"),
            cell(lambda of: figures[of].processor - start[of].processor, "{:.2f} s") if users else "",
            cell(lambda of: figures[of].megabytes, "{:.0f} MB"),
            cell(lambda of: figures[of].okta, "{:,.0f}"),
            cell(lambda of: figures[of].dynamodb, "{:,.0f}"),
        ]
        print(f"| {TITLES[client]} | {' | '.join(cells)} |")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description="Measures this function beside the same job in Node.js and Python.")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often each is measured (default: 3)")
    parser.add_argument("--first-load", type=int, default=10_000, metavar="USERS", help="(default: 10000)")
    parser.add_argument("--unchanged", type=int, default=100_000, metavar="USERS", help="(default: 100000)")
    arguments = parser.parse_args()
    program, target = build()
    clients = {"ours": [program, "sync"], **install(target)}
    rounds = arguments.rounds
    print(f"{rounds} runs of each, by turns, on {os.cpu_count()} cores, which the services use as well: medians,")
    print("and in brackets how many times this function's they are")
    start = medians(unchanged(program, clients, 0, rounds))
    table("Nobody in the table: what starting takes", 0, start, start)
    users = arguments.first_load
    table(f"A first load of {users:,} users", users, medians(first_load(program, clients, users, rounds)), start)
    users = arguments.unchanged
    table(f"{users:,} users, nobody changed", users, medians(unchanged(program, clients, users, rounds)), start)


if __name__ == "__main__":
    try:
        main()
    except (Failure, subprocess.CalledProcessError) as why:
        sys.exit(f"peers: {why}")

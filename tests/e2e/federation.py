"""A federation of real processes in a temporary folder: a bureau and counties over real TLS, driven through tongjianctl.

Every wait is for a condition with a deadline; nothing sleeps for a fixed time. Used by the tests of this folder and by permits.py.
"""

import json
import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUREAU = "370800"
POLL_SECONDS = 0.05


class CtlError(Exception):
    """tongjianctl said no: exit code and its words."""

    def __init__(self, code, stderr):
        super().__init__(f"exit {code}: {stderr}")
        self.code = code
        self.stderr = stderr


def wait_for(what, condition, seconds=60):
    """The first true value of condition(); fails with `what` when it does not come in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(POLL_SECONDS)


def program_folder(preset=None):
    if "TJ_BIN_DIR" in os.environ:
        return pathlib.Path(os.environ["TJ_BIN_DIR"])
    return ROOT / "build" / (preset or os.environ.get("TJ_PRESET", "dev")) / "bin"


class Node:
    """One node: its folder, configuration and process."""

    def __init__(self, federation, code, parent=None):
        self.federation = federation
        self.code = code
        self.parent = parent
        self.folder = federation.folder / code
        self.data = self.folder / "data"
        self.socket = self.folder / "control.sock"
        self.port = 0
        self.dial_port = None  # where it dials its parent, when that is not the parent's own port
        self.process = None
        self.offline = False  # knows its parent by bundle files only
        self.listens = parent is None
        self.wrapper = []  # words before the program's own, such as a tracer that runs it

    def write_config(self, **options):
        pki = self.federation.folder / "pki" / self.code
        lines = [
            "[node]", f'code = "{self.code}"', f'name = "节点{self.code}"', f'data = "{self.data}"',
            f'regions = {json.dumps(options.get("regions", [self.code]))}',
            f'epoch = {options.get("epoch", 1)}',
            "[keys]",
            f'sign_certificate = "{pki}/sign.pem"', f'sign_key = "{pki}/sign.key"',
            f'encryption_key = "{pki}/enc.key"',
            f'tls_certificate = "{pki}/tls.pem"', f'tls_key = "{pki}/tls.key"', f'tls_root = "{pki}/tls-root.pem"',
            f'passphrase_file = "{self.federation.passphrase}"',
            "[trust]", f'file = "{self.federation.folder}/pki/trust.toml"',
            "[control]", f'socket = "{self.socket}"',
            "[summary]", f'interval_seconds = {options.get("interval", 1)}',
            "[publish]", f'upward = "{options.get("upward", "summaries")}"',
            f'offer_interval_seconds = {options.get("offer_interval", 1)}',
            f'start_wait_seconds = {options.get("start_wait", 2)}',
            f'heads_interval_seconds = {options.get("heads_interval", 60)}',
            "[follow]", f'owed_alarm_seconds = {options.get("owed_alarm", 120)}',
            "[calendars]", f'files = {json.dumps(options.get("calendars", []))}',
            f'demonstration_years = {json.dumps(options.get("demonstration_years", []))}',
            "[log]", f'level = "{options.get("log_level", "debug")}"', 'format = "json"',
        ]
        if self.listens:
            lines += ["[listen]", f'address = "127.0.0.1:{self.port}"']
        if self.parent is None:
            pass
        elif self.offline:
            lines += ["[parent]", f'code = "{self.parent.code}"']
        else:
            lines += ["[parent]", f'code = "{self.parent.code}"', f'address = "127.0.0.1:{self.dial_port or self.parent.port}"']
        (self.folder / "node.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.options = options

    def init(self, **options):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write_config(**options)
        self.federation.ctl("init", "--config", self.folder / "node.toml")

    def start(self):
        """Starts the process and waits until it answers; a parent keeps the port that it got first."""
        self.spawn()
        return self.wait_ready()

    def spawn(self):
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            [*self.wrapper, self.federation.bin / "tongjiand", "--config", self.folder / "node.toml"], stdout=log, stderr=log)
        log.close()

    def wait_ready(self):
        status = wait_for(f"{self.code} to answer", self.try_status, seconds=60)
        if self.listens and self.port == 0:
            self.port = status["listen_port"]
            self.write_config(**self.options)
        return self

    def try_status(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.code} ended with {self.process.returncode}:\n{self.log_tail()}")
        try:
            return self.status()
        except CtlError:
            return None

    def log_tail(self):
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-4000:]

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        if self.running():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.kill()
                raise RuntimeError(f"{self.code} did not stop in time:\n{self.log_tail()}") from None
            assert self.process.returncode == 0, f"{self.code} stopped with {self.process.returncode}:\n{self.log_tail()}"

    def kill(self):
        if self.running():
            self.process.kill()
            self.process.wait()

    def ctl(self, *arguments, **options):
        return self.federation.ctl("--socket", self.socket, *arguments, **options)

    def status(self):
        return json.loads(self.ctl("--output", "json", "status", check_ready=False))

    def wait_delivered(self, seconds=300):
        self.ctl("--output", "json", "status", "--until-delivered", "--timeout", str(seconds))

    def import_file(self, file, *options, timeout=900):
        """The last answer of the import; refused rows are no failure here."""
        quarantine = self.folder / (pathlib.Path(file).name + ".quarantine")
        out = self.ctl("--output", "json", "intake", "import", file, "--quarantine", quarantine, *options,
                       accept=(0, 3), timeout=timeout)
        return json.loads(out)

    def query(self, *arguments):
        return json.loads(self.ctl("--output", "json", "query", *arguments))

    def fsck(self):
        """Of a running node."""
        return json.loads(self.ctl("--output", "json", "ledger", "fsck", accept=(0, 3)))


class Federation:
    """A bureau and counties below it, in `folder`. A context manager: processes are gone when it is left."""

    def __init__(self, folder, counties, preset=None, **options):
        self.folder = pathlib.Path(folder)
        self.bin = program_folder(preset)
        self.passphrase = self.folder / "passphrase"
        self.passphrase.write_text("演示 passphrase\n", encoding="utf-8")
        self.bureau = Node(self, BUREAU)
        self.counties = [Node(self, code, parent=self.bureau) for code in counties]
        self._make_pki()
        self.bureau.init(**options)
        self.options = options

    def _make_pki(self):
        pki = self.folder / "pki"
        secret = ("--passphrase-file", self.passphrase)
        self.ctl("pki", "init", "--dir", pki, *secret)
        self.ctl("pki", "issue", "--dir", pki, "--node", BUREAU, "--name", "济宁市", *secret)
        for county in self.counties:
            self.ctl("pki", "issue", "--dir", pki, "--node", county.code, "--name", f"县{county.code}",
                     "--parent", BUREAU, *secret)

    def start(self):
        self.bureau.start()
        for county in self.counties:
            county.init(**self.options)
            county.start()
        return self

    def nodes(self):
        return [self.bureau, *self.counties]

    def ctl(self, *arguments, accept=(0,), check_ready=True, timeout=900):
        """Runs tongjianctl; its standard output. CtlError on any other exit code."""
        done = subprocess.run([self.bin / "tongjianctl", *map(str, arguments)], capture_output=True, text=True,
                              encoding="utf-8", timeout=timeout, check=False)
        if done.returncode not in accept and not (not check_ready and done.returncode == 1 and done.stdout):
            raise CtlError(done.returncode, done.stderr)
        return done.stdout

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for node in self.nodes():
            node.kill()

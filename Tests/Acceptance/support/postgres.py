"""A PostgreSQL server of a test's own: made, restarted, killed and stopped at will. On loopback only, and as durable as in production."""

import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

from .gateway import free_port, wait_until


def programs():
    """Debian's folder of the newest server; scripts/setup installs one."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    assert found, "no PostgreSQL server here: scripts/setup test"
    return found[-1].parent


class Postgres:
    def __init__(self, **settings):
        self.programs = programs()
        # The server refuses to run as root.
        self.account = None
        if os.geteuid() == 0:
            known = {entry.pw_name for entry in pwd.getpwall()}
            self.account = "postgres" if "postgres" in known else "nobody"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="swiftlet-postgres-"))
        self.process = None
        try:
            if self.account:
                os.chown(self.folder, pwd.getpwnam(self.account).pw_uid, pwd.getpwnam(self.account).pw_gid)
            self.data, self.port = self.folder / "data", free_port()
            self.settings = {
                "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "", "fsync": "on", "synchronous_commit": "on",
                "max_connections": 60, "shared_buffers": "32MB", "shared_preload_libraries": "pg_stat_statements", **settings}
            self.run("initdb", "-D", self.data, "-U", "swiftlet", "--auth=trust", "--encoding=UTF8", "--locale=C")
            self.start()
            self.query("CREATE EXTENSION pg_stat_statements")
        except BaseException:
            self.end()
            raise

    @property
    def url(self):
        return f"postgres://swiftlet@127.0.0.1:{self.port}/postgres"

    def child(self):
        return {"user": self.account, "group": pwd.getpwnam(self.account).pw_gid, "extra_groups": []} if self.account else {}

    def run(self, program, *arguments):
        done = subprocess.run([str(self.programs / program), *map(str, arguments)], cwd="/", capture_output=True, text=True, **self.child())
        assert done.returncode == 0, done.stderr
        return done.stdout

    # -- its life

    def start(self):
        """Also after a kill: what is left of the killed server may keep a new one away for a moment."""
        def started():
            if self.process is None or self.process.poll() is not None:
                self.launch()
            return subprocess.run(
                [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)], capture_output=True).returncode == 0
        wait_until(started, 60, every=0.1, what="PostgreSQL")

    def launch(self):
        with open(self.folder / "log", "ab") as log:
            words = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
            self.process = subprocess.Popen(
                [str(self.programs / "postgres"), "-D", str(self.data), *words], cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **self.child())

    def stop(self):
        """In order, without waiting for clients to leave."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    def restart(self):
        self.stop()
        self.start()

    def backends(self):
        """Each has a session of its own, so a signal to the group does not reach them."""
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            if parent == self.process.pid:
                found.append(int(folder.name))
        return found

    def signal_all(self, number):
        for pid in [self.process.pid, *self.backends()]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self):
        self.signal_all(signal.SIGKILL)
        self.process.wait(30)

    def freeze(self):
        """It neither answers nor refuses, as behind a broken network."""
        self.signal_all(signal.SIGSTOP)

    def thaw(self):
        self.signal_all(signal.SIGCONT)

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- what it has

    def query(self, sql):
        """What psql prints of it, unaligned; raises where the server is away."""
        return subprocess.run(
            [str(self.programs / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url, "-c", sql], capture_output=True, text=True, check=True,
            timeout=30, env={**os.environ, "PGCONNECT_TIMEOUT": "5"}).stdout.strip()

    def rows(self, sql):
        """One dictionary a row."""
        return json.loads(self.query(f"SELECT coalesce(json_agg(found), '[]') FROM ({sql}) found"))

    def clear(self):
        """As after initdb, for the next test."""
        self.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE EXTENSION pg_stat_statements")

    def calls(self, pattern):
        """How often statements like it were run since the server started."""
        return int(self.query(f"SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query ILIKE '{pattern}'"))

    def transactions(self):
        return int(self.query("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'postgres'"))

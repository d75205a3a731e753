"""What `make package` makes: sizes, and each package installed and started as its users would, on a Debian of its own."""

import contextlib
import json
import os
import shutil
import subprocess
import urllib.request

import pytest
from support.gateway import BINARY, ROOT, free_port, get, wait_until

LIMIT = 40 << 20


def run(*command, timeout=600, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, **more)
    assert done.returncode == 0, f"{command}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


def reason():
    if os.environ.get("SWIFTLET_PACKAGES") != "1":
        return "takes minutes and a Debian mirror: `make acceptance` does it"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "packages are installed by root on Debian"
    if "libswift" in subprocess.run(["ldd", str(BINARY)], capture_output=True, text=True).stdout:
        return "only the release binary is packed: it brings its own libraries"
    return None


pytestmark = pytest.mark.skipif(reason() is not None, reason=reason() or "")


@pytest.fixture(scope="module")
def packages():
    """The folder `dist`, freshly filled."""
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    run("scripts/package", cwd=ROOT, env={**os.environ, "SWIFTLET_BINARY": str(BINARY)}, timeout=1200)
    return {kind: next((ROOT / "dist").glob(f"*{end}")) for kind, end in [("tar", ".tar.xz"), ("deb", ".deb"), ("oci", "oci*.tar")]}


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    """A Debian with apt and nothing more."""
    folder = tmp_path_factory.mktemp("debian") / "root"
    with open("/etc/os-release") as file:
        codename = next(line.split("=")[1].strip() for line in file if line.startswith("VERSION_CODENAME="))
    run("mmdebstrap", "--quiet", "--variant=apt", "--include=adduser,ca-certificates,libsqlite3-0,libstdc++6", codename, folder)
    with processes(folder):
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def processes(folder):
    """With /proc, as every system has it: Swift reads its arguments there."""
    (folder / "proc").mkdir(exist_ok=True)
    run("mount", "-t", "proc", "proc", folder / "proc")
    try:
        yield
    finally:
        run("umount", "--lazy", folder / "proc")


def served(process, port, key):
    """Waits until it is ready, asks once, ends it in good order."""
    try:
        wait_until(lambda: get(port, "/readyz")[0] == 200 or process.poll() is not None, 30, what="/readyz")
        assert process.poll() is None, process.stderr.read().decode()[-3000:]
        body = json.dumps({"model": "mock", "messages": [{"role": "user", "content": "Hello"}]}).encode()
        ask = urllib.request.Request(f"http://127.0.0.1:{port}/v1/chat/completions", body,
                                     {"authorization": f"Bearer {key}", "content-type": "application/json"})
        with urllib.request.urlopen(ask, timeout=20) as reply:
            assert json.load(reply)["choices"][0]["message"]["content"]
        process.terminate()
        assert process.wait(60) == 0
    finally:
        if process.poll() is None:
            process.kill()


def test_none_is_larger_than_promised(packages):
    for kind, file in packages.items():
        assert file.stat().st_size <= (LIMIT if kind != "oci" else 2 * LIMIT), f"{file.name}: {file.stat().st_size}"


def test_the_tarball(packages, tmp_path):
    run("tar", "-xJf", packages["tar"], "-C", tmp_path)
    folder = next(tmp_path.iterdir())
    version = run(folder / "swiftlet", "--version").strip()
    assert version in folder.name and {"swiftlet.service", "swiftlet.yaml", "LICENSE", "README.md"} <= {one.name for one in folder.iterdir()}
    shared = {str(file.relative_to(folder / "share")) for file in (folder / "share").rglob("*") if file.is_file()}
    assert {"bash-completion/completions/swiftlet", "zsh/vendor-completions/_swiftlet", "fish/vendor_completions.d/swiftlet.fish",
            "doc/swiftlet/grafana/swiftlet.json", "doc/swiftlet/prometheus/swiftlet.rules.yml"} <= shared
    assert b".TH SWIFTLET 1" in run_bytes("gzip", "-dc", folder / "share/man/man1/swiftlet.1.gz")


def run_bytes(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, check=True).stdout


def test_the_debian_package(packages, debian):
    shutil.copy(packages["deb"], debian / "tmp/swiftlet.deb")
    run("chroot", debian, "dpkg", "-i", "/tmp/swiftlet.deb", env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    secrets = dict(line.split("=", 1) for line in (debian / "etc/swiftlet/environment").read_text().splitlines())
    assert len(set(secrets.values())) == 3 and all(len(one) >= 64 for one in secrets.values())
    assert (debian / "etc/swiftlet/environment").stat().st_mode & 0o777 == 0o640
    port, admin = free_port(), free_port()
    file = debian / "etc/swiftlet/swiftlet.yaml"
    file.write_text(file.read_text().replace("8080", str(port)).replace("8081", str(admin)))
    run("chroot", debian, "swiftlet", "check", "/etc/swiftlet/swiftlet.yaml", env={**os.environ, **secrets})
    process = subprocess.Popen(
        ["/usr/sbin/chroot", "--userspec=swiftlet:swiftlet", str(debian), "/usr/bin/swiftlet", "serve", "--config", "/etc/swiftlet/swiftlet.yaml"],
        env={**os.environ, **secrets}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    served(process, port, secrets["SWIFTLET_FIRST_KEY"])
    assert (debian / "var/lib/swiftlet/swiftlet-ledger.db").stat().st_uid != 0
    # Installed again it keeps its secrets; taken away it leaves what was spent.
    run("chroot", debian, "dpkg", "-i", "/tmp/swiftlet.deb")
    assert dict(line.split("=", 1) for line in (debian / "etc/swiftlet/environment").read_text().splitlines()) == secrets
    assert "ledger stays" in run("chroot", debian, "dpkg", "--purge", "swiftlet")
    assert (debian / "var/lib/swiftlet/swiftlet-ledger.db").exists() and not (debian / "etc/swiftlet/environment").exists()


def test_the_image(packages, tmp_path):
    layout = tmp_path / "layout"
    layout.mkdir()
    run("tar", "-xf", packages["oci"], "-C", layout)
    tag = json.loads((layout / "index.json").read_text())["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"]
    run("umoci", "unpack", "--image", f"{layout}:{tag}", tmp_path / "bundle")
    process = json.loads((tmp_path / "bundle/config.json").read_text())["process"]
    assert process["args"] == ["/usr/bin/swiftlet", "serve"] and process["user"]["uid"] == 65532 and process["cwd"] == "/var/lib/swiftlet"
    port, admin = free_port(), free_port()
    settings = {"SWIFTLET_SERVER_LISTEN": f"127.0.0.1:{port}", "SWIFTLET_SERVER_ADMIN": f"127.0.0.1:{admin}", "SWIFTLET_STORE": "memory:"}
    rootfs = tmp_path / "bundle/rootfs"
    with processes(rootfs):
        started = subprocess.Popen(
            ["/usr/sbin/chroot", "--userspec=65532:65532", str(rootfs), "/usr/bin/swiftlet", "serve"],
            env={"PATH": "/usr/bin:/bin", **settings}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        key = ""
        while not key and (line := started.stdout.readline().decode()):
            if "virtual key" in line:
                key = line.split()[-1]
        served(started, port, key)

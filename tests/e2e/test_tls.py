"""Who may connect to a bureau: TLS 1.3 only, with a client certificate of its own root, of a node that the trust file names."""

import json
import socket
import subprocess

import pytest
from federation import BUREAU, Federation, Node, wait_for

COUNTY = "370826"
ATTEMPTS = 4  # a node that is kept out must live through each of them
ALPN = ("-alpn", "h2")


@pytest.fixture(scope="module", name="link")
def running(tmp_path_factory):
    with Federation(tmp_path_factory.mktemp("tj"), [COUNTY]) as federation:
        federation.start()
        yield federation


def keys_of(folder, passphrase):
    return ("-cert", folder / "tls.pem", "-key", folder / "tls.key", "-pass", f"file:{passphrase}")


def own_keys(federation):
    return keys_of(federation.folder / "pki" / COUNTY, federation.passphrase)


def s_client(federation, *arguments):
    """A handshake, and whether the server then speaks: gRPC sends its HTTP/2 settings first, to those it lets in.

    In TLS 1.3 the client is done before the server has judged its certificate, so only what comes back tells.
    """
    root = federation.folder / "pki" / COUNTY / "tls-root.pem"
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{federation.bureau.port}", "-CAfile", root, "-verify_return_error",
               "-verifyCAfile", root, *ALPN, "-servername", f"{BUREAU}.node.tongjian", "-quiet", "-no_ign_eof", *arguments]
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"
    process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        process.stdin.write(preface)
        process.stdin.flush()
        spoken = process.stdout.read(9)
    except BrokenPipeError:
        spoken = b""
    finally:
        process.kill()
        said = process.stderr.read().decode("utf-8", "replace")
        process.communicate()
    return spoken, said


def is_let_in(spoken):
    """An HTTP/2 SETTINGS frame of stream 0."""
    return len(spoken) == 9 and spoken[3] == 4 and spoken[5:] == b"\0\0\0\0"


def other_pki(federation, name, nodes):
    """Certificates for the same node codes under roots of somebody else."""
    pki = federation.folder / name
    secret = ("--passphrase-file", federation.passphrase)
    federation.ctl("pki", "init", "--dir", pki, *secret)
    federation.ctl("pki", "issue", "--dir", pki, "--node", BUREAU, "--name", "假", *secret)
    for code in nodes:
        federation.ctl("pki", "issue", "--dir", pki, "--node", code, "--name", "假", "--parent", BUREAU, *secret)
    return pki


def test_tls_1_3_with_the_right_certificate(link):
    spoken, said = s_client(link, "-tls1_3", *own_keys(link))
    assert is_let_in(spoken), said


def test_tls_1_2_is_refused(link):
    for version in ("-tls1_2", "-tls1_1"):
        spoken, said = s_client(link, version, "-cipher", "ALL:@SECLEVEL=0", *own_keys(link))
        assert not spoken, said
        assert "verify return" not in said, "the bureau showed its certificate"


def test_without_client_certificate(link):
    spoken, said = s_client(link, "-tls1_3")
    assert not spoken, said


def test_certificate_of_another_root(link):
    pki = other_pki(link, "other-root", [COUNTY])
    spoken, said = s_client(link, "-tls1_3", *keys_of(pki / COUNTY, link.passphrase))
    assert not spoken, said


def test_the_bureau_still_serves_its_county(link):
    with socket.create_connection(("127.0.0.1", link.bureau.port)) as garbage:
        garbage.sendall(b"GET / HTTP/1.1\r\n\r\n")
        garbage.recv(100)
    (peer,) = json.loads(link.bureau.ctl("--output", "json", "peer", "list"))["peers"]
    assert (peer["node"], peer["connected"]) == (COUNTY, True)


class Stranger(Node):
    """A node with certificates and trust of the folder given, whose parent is the bureau."""

    def __init__(self, federation, code, pki, tls_root=None):
        super().__init__(federation, code, parent=federation.bureau)
        self.folder = federation.folder / f"stranger-{pki.name}-{code}"
        self.data = self.folder / "data"
        self.socket = self.folder / "control.sock"
        self.pki = pki
        self.tls_root = tls_root

    def write_config(self, **options):
        super().write_config(**options)
        file = self.folder / "node.toml"
        text = file.read_text(encoding="utf-8").replace(str(self.federation.folder / "pki"), str(self.pki))
        if self.tls_root:
            text = text.replace(str(self.pki / self.code / "tls-root.pem"), str(self.tls_root))
        file.write_text(text, encoding="utf-8")


def peers_of(node):
    return json.loads(node.ctl("--output", "json", "peer", "list"))["peers"]


def assert_kept_out(link, stranger):
    """It tries again and again, says why, holds nothing of the bureau, and the bureau holds nothing of it."""
    attempts = set()

    def tried_often():
        (peer,) = peers_of(stranger) or ({"last_error": ""},)
        if peer["last_error"]:
            attempts.add(peer["next_try"])
        return len(attempts) > ATTEMPTS and peer

    stranger.init()
    try:
        stranger.start()
        peer = wait_for("several attempts", tried_often)
        assert not peer["connected"], peer
        # A node whose parent never lets it in publishes nothing above: nothing is witnessed.
        own = stranger.status()["own"]
        assert (own["witnessed"], own["delivered"]) == (0, 0)
        followed = {ledger["ledger"] for ledger in link.bureau.status()["followed"]}
        assert followed <= {f"{COUNTY}/1"}
        return peer["last_error"]
    finally:
        stranger.kill()


def test_node_with_certificates_of_another_pki(link):
    """It cannot be the county that it calls itself, although it even pins the right TLS root of the bureau."""
    pki = other_pki(link, "forged", [COUNTY])
    right = link.folder / "pki" / BUREAU / "tls-root.pem"
    said = assert_kept_out(link, Stranger(link, COUNTY, pki, tls_root=right))
    assert "SYNC-LINK" in said or "SYNC-PEER" in said, said


def test_node_that_does_not_know_the_bureau(link):
    """The other way: a county does not talk to a bureau whose root is not the one it pins."""
    pki = other_pki(link, "elsewhere", [COUNTY])
    assert_kept_out(link, Stranger(link, COUNTY, pki))


def test_node_that_the_trust_file_does_not_name(link):
    """Certificates of the right roots, issued after the bureau read its trust file."""
    secret = ("--passphrase-file", link.passphrase)
    pki = link.folder / "pki"
    late = link.folder / "pki-late"
    subprocess.run(["cp", "-r", pki, late], check=True)
    link.ctl("pki", "issue", "--dir", late, "--node", "370830", "--name", "未登记", "--parent", BUREAU, *secret)
    said = assert_kept_out(link, Stranger(link, "370830", late))
    assert "TRUST-UNKNOWN-NODE" in said or "SYNC-PEER" in said or "SYNC-LINK" in said, said

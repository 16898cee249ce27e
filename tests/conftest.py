"""What all tests share: no way out to the network, throw-away databases, the evaluation data where it is present."""

import ipaddress
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

for _name, _value in {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}.items():
    os.environ.setdefault(_name, _value)


# --- the network: a test that reaches out of this machine fails -------------------------------------------------------


def _is_local(host: object) -> bool:
    if host is None or host in ("", b"", "localhost", b"localhost"):
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


_reached_out: list[str] = []


def _refuse_network(event: str, args: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = args[0]
    else:
        return
    if not _is_local(host):
        _reached_out.append(f"{event} {host!r}")
        raise PermissionError(f"a test tried to reach {host!r}; tests stay on this machine")


sys.addaudithook(_refuse_network)  # sees every Python socket of the process, asyncio's too; it cannot be taken off


@pytest.fixture(autouse=True)
def no_way_out() -> Iterator[None]:
    """Fail the test that tried to leave this machine, even where the refusal was swallowed or met in a thread."""
    _reached_out.clear()
    yield
    assert _reached_out == [], "tests stay on this machine"


# --- PostgreSQL: a cluster of our own, for the length of the run ------------------------------------------------------


def _postgresql_programs() -> Path | None:
    """Newest folder that holds initdb and pg_ctl."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@pytest.fixture(scope="session")
def postgresql_folder() -> Iterator[Path]:
    """Socket folder of a running throw-away cluster (no TCP, no fsync, user `postgres`); skips where it cannot run."""
    programs = _postgresql_programs()
    if programs is None:
        pytest.skip("the PostgreSQL half is skipped: no initdb on this machine (apt-get install postgresql)")
    # PostgreSQL refuses to run as root; `initdb` of Debian's package comes with the user `postgres`.
    owner: dict[str, object] = {}
    if os.geteuid() == 0:
        owner = {"user": "postgres", "group": "postgres", "extra_groups": []}
    folder = Path(tempfile.mkdtemp(prefix="qorgan-pg-"))
    if owner:
        shutil.chown(folder, "postgres", "postgres")
    data, log = folder / "data", folder / "log"

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        done = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False, **owner)  # type: ignore[call-overload]
        if done.returncode != 0:
            detail = log.read_text() if log.exists() else done.stderr
            pytest.fail(f"{program} of the throw-away PostgreSQL failed: {detail[-2000:]}")

    try:
        run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-F -k {folder} -c listen_addresses='' -c max_connections=200 -c synchronous_commit=off"
        # Output to the log only: an inherited pipe would keep `run` waiting for the server's own end.
        subprocess.run(
            [str(programs / "pg_ctl"), "-D", str(data), "-l", str(log), "-o", options, "-w", "-s", "start"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            **owner,  # type: ignore[call-overload]
        )
        yield folder
        run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "-s", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql_folder: Path) -> Iterator[str]:
    """SQLAlchemy URL of a new, empty PostgreSQL database."""
    import psycopg

    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(host=str(postgresql_folder), user="postgres", dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"postgresql+psycopg://postgres@/{name}?host={postgresql_folder}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLAlchemy URL of a new, empty database; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'records.sqlite3'}"
    url = request.getfixturevalue("postgresql_url")
    assert isinstance(url, str)
    return url


# --- what reading scanned pages needs ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def dejavu() -> Path:
    """Folder of the DejaVu fonts, which have Kazakh letters; skips where it is absent."""
    folder = Path("/usr/share/fonts/truetype/dejavu")
    if not (folder / "DejaVuSerif.ttf").is_file():
        pytest.skip("there are no fonts to draw pages with (apt-get install fonts-dejavu-core)")
    return folder


@pytest.fixture(scope="session")
def tesseract() -> None:
    """Skip where Tesseract or a language of it is absent."""
    program = shutil.which("tesseract")
    if program is None:
        pytest.skip("no Tesseract on this machine (apt-get install tesseract-ocr)")
    listed = subprocess.run([program, "--list-langs"], text=True, capture_output=True, check=True).stdout.split()
    if missing := {"rus", "kaz", "eng", "osd"} - set(listed):
        packages = " ".join(f"tesseract-ocr-{language}" for language in sorted(missing))
        pytest.skip(f"Tesseract lacks languages (apt-get install {packages})")


# --- data beside the checkout -----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the evaluation data, from `QORGAN_SHARED` or beside the checkout; skips where absent, and in CI."""
    if os.environ.get("CI"):
        pytest.skip("the evaluation data is not used in CI (the variable CI is set)")
    given = os.environ.get("QORGAN_SHARED")
    folder = Path(given) if given else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the evaluation data is not present (no folder {folder}; set QORGAN_SHARED)")
    return folder

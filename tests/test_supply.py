"""Case 75: what is installed is declared, pinned and hashed, and under a known licence."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from commands import ROOT

PACKAGE = ROOT / "newsbot"
LOCKS = ("requirements.lock", "requirements-gpu.lock", "packaging/build.lock")
#: Which extra brings what a module imports, by the beginning of its path; else none may
#: be needed.
EXTRAS = {
    "adapters/adapter_file": "embedded",
    "adapters/embedded": "embedded",
    "adapters/hf": "embedded",
    "adapters/archives/warc": "archive",
    "adapters/browse": "browse",
    "adapters/chat": "chat",
    "adapters/listening": "browse",
    "adapters/parquet": "parquet",
    "adapters/ray": "ray",
    "adapters/shard": "parquet",
    "adapters/web/": "web",
    "adapters/signing": "dkim",
    "tuning/": "tune",
    "website": "web",
}


def normalised(name):
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", name)[0]).lower()


def declared():
    """The names that pyproject asks for, by extra; "" is none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    names = {key: {normalised(line) for line in lines} for key, lines in groups.items()}
    names["tune"] |= names["embedded"]
    names["ray"] |= names["archive"] | names["parquet"]
    return names


def imported(path):
    """Top-level names of everything that a module imports, at its top or later."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def undeclared(package, names, distributions):
    """Imports of a package that no declared distribution brings, one line each."""
    wrong, n_seen = [], 0
    for path in sorted(package.rglob("*.py")):
        where = path.relative_to(package).as_posix()
        extra = next((e for start, e in EXTRAS.items() if where.startswith(start)), "")
        allowed = names[""] | names.get(extra, set())
        for top in set(imported(path)) - sys.stdlib_module_names - {"newsbot"}:
            n_seen += 1
            brought = {normalised(one) for one in distributions.get(top, ())}
            if not brought & allowed:
                wrong.append(f"{where} imports {top}, which {extra or 'newsbot'} lacks")
    return wrong, n_seen


def test_every_import_is_declared():
    """Whatever newsbot imports, pyproject asks for: always, or in that part's extra."""
    wrong, n_seen = undeclared(PACKAGE, declared(), packages_distributions())
    assert n_seen > 60
    assert wrong == []


def test_an_undeclared_import_is_found(tmp_path):
    """The check sees an import that nobody asked for, and one of another part's extra."""
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "chat.py").write_text("import apprise")
    (tmp_path / "types.py").write_text(
        "def f():\n    from apprise import x\nimport nope"
    )
    wrong, n_seen = undeclared(tmp_path, declared(), {"apprise": ["apprise"]})
    assert n_seen == 3
    assert sorted(wrong) == [
        "types.py imports apprise, which newsbot lacks",
        "types.py imports nope, which newsbot lacks",
    ]


def pins(name):
    """A lock's packages: normalised name to version and hashes."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(
            r"([\w.-]+)==(\S+)((?:\s+--hash=sha256:[0-9a-f]{64})+)", line
        )
        assert match, f"{name}: {line[:80]} is not a pin with hashes"
        found[normalised(match[1])] = match[2]
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_a_version_and_a_hash_for_each(name):
    """Every line of a lock is one version with SHA-256, and no line says where from."""
    assert len(pins(name)) >= 5
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^-", text, re.M)


@pytest.mark.parametrize("name", LOCKS)
def test_locks_have_the_tested_versions(name):
    """What is pinned twice is pinned alike: in the lock and in constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    tested = {
        normalised(line): line.partition("==")[2]
        for line in lines
        if line and not line.startswith("#")
    }
    locked = pins(name)
    both = locked.keys() & tested.keys()
    assert both
    # The build without CUDA says so in its version.
    assert {one: locked[one].partition("+")[0] for one in both} == {
        one: tested[one] for one in both
    }


@pytest.mark.parametrize(
    ("name", "extras"),
    [
        ("requirements.lock", {"", "embedded", "archive", "chat", "dkim"}),
        ("requirements-gpu.lock", {"", "gpu", "archive", "chat", "dkim"}),
    ],
)
def test_locks_are_whole(name, extras):
    """A lock holds everything that newsbot and these extras ask for, at any depth."""
    sys.path.insert(0, str(ROOT / "packaging"))
    try:
        from licences import wanted
    finally:
        sys.path.pop(0)
    needed = {package for package, users in wanted().items() if users & extras}
    assert len(needed) > 60
    assert needed - pins(name).keys() == set()


@pytest.fixture
def index(tmp_path):
    """An index with one package; gives a function that writes its page, and its hash."""
    folder = tmp_path / "simple" / "small"
    folder.mkdir(parents=True)
    name = "small-1.0-py3-none-any.whl"
    told = {
        "METADATA": "Metadata-Version: 2.1\nName: small\nVersion: 1.0\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(folder / name, "w") as wheel:
        for file, text in told.items():
            wheel.writestr(f"small-1.0.dist-info/{file}", text)

    def publish(attribute=""):
        (folder / "index.html").write_text(f'<a href="{name}" {attribute}>{name}</a>')

    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    return publish, digest, tmp_path / "simple"


@pytest.mark.parametrize(
    ("attribute", "pin", "said"),
    [
        ("", "small==1.0 --hash=sha256:{hash}", None),
        ('data-yanked="broken"', "small==1.0 --hash=sha256:{hash}", "was taken back"),
        ("", "small==1.0 --hash=sha256:" + "0" * 64, "DO NOT MATCH"),
        ("", "small==1.0", "require-hashes"),
        ("", "other==1.0 --hash=sha256:{hash}", "No matching distribution"),
    ],
)
def test_hash_mode_lets_nothing_else_through(tmp_path, index, attribute, pin, said):
    """75: another hash, none, a version that was taken back, a package that is not there:
    the check fails and says so; a whole lock passes.
    """
    publish, digest, folder = index
    publish(attribute)
    lock = tmp_path / "some.lock"
    lock.write_text(pin.format(hash=digest) + "\n")
    done = subprocess.run(
        [ROOT / "packaging" / "hash-mode", lock],
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": folder.as_uri(),
            "PIP_EXTRA_INDEX_URL": "",
            "PIP_CACHE_DIR": str(tmp_path / "cache"),
        },
        capture_output=True,
        text=True,
    )
    assert (done.returncode == 0) is (said is None), done
    assert said is None or said in done.stderr


def test_an_audit_that_cannot_ask_never_says_clean(tmp_path):
    """Without its advisory service the audit says *not checked*, and leaves with 4."""
    audit = tmp_path / "bin" / "pip-audit"
    audit.parent.mkdir()
    audit.write_text(
        "#!/bin/sh\necho 'ConnectionError: no route to host' >&2\nexit 1\n"
    )
    audit.chmod(0o755)
    done = run_audit(audit.parent)
    assert done.returncode == 4
    assert "not checked" in done.stdout
    assert "no known" not in done.stdout


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', 4, "not ch"),
        (
            '{"dependencies": [{"name": "certifi", "version": "1", "vulns": [{"id": "X-1", '
            '"fix_versions": ["2"]}]}]}',
            1,
            ": X-1, mended in 2",
        ),
        (
            '{"dependencies": [{"name": "certifi", "skip_reason": "not found"}]}',
            4,
            "certifi: not checked: not found",
        ),
        ("nonsense", 4, "not checked"),
        ("ALL", 0, "no known vulnerability"),
    ],
)
def test_an_audit_counts_what_was_looked_up(tmp_path, answer, code, said):
    """Clean are only packages that were looked up, all of them; else it says which not."""
    if answer == "ALL":
        names = ",".join(
            f'{{"name": "{name}", "version": "{version}", "vulns": []}}'
            for name, version in pins("requirements.lock").items()
        )
        answer = f'{{"dependencies": [{names}]}}'
    audit = tmp_path / "pip-audit"
    (tmp_path / "answer").write_text(answer)
    audit.write_text(f"#!/bin/sh\ncat {tmp_path}/answer\n")
    audit.chmod(0o755)
    done = run_audit(tmp_path)
    assert done.returncode == code, done
    assert said in done.stdout


def test_what_one_service_cannot_look_up_another_is_asked(tmp_path):
    """And only that: what the first one answered for is not asked again."""
    first, *others = pins("requirements.lock")
    one = f'{{"name": "{first}", "version": "1", "vulns": []}}'
    rest = ",".join(f'{{"name": "{name}", "vulns": []}}' for name in others)
    (tmp_path / "pypi").write_text(f'{{"dependencies": [{one}]}}')
    (tmp_path / "osv").write_text(f'{{"dependencies": [{rest}]}}')
    audit = tmp_path / "pip-audit"
    audit.write_text(
        '#!/bin/sh\nfor word; do [ "$last" = -s ] && service=$word; last=$word; done\n'
        f'cp "$last" {tmp_path}/asked.$service\ncat {tmp_path}/$service\n'
    )
    audit.chmod(0o755)
    done = run_audit(tmp_path)
    assert (done.returncode, "no known" in done.stdout) == (0, True), done
    asked = (tmp_path / "asked.osv").read_text().splitlines()
    assert {line.partition("==")[0] for line in asked} == set(others)
    assert len((tmp_path / "asked.pypi").read_text().splitlines()) == len(others) + 1
    (tmp_path / "osv").write_text("no route to host")
    done = run_audit(tmp_path)
    assert done.returncode == 4
    assert f"{first}: not checked" not in done.stdout
    assert f"{others[0]}: not checked" in done.stdout


def run_audit(folder):
    return subprocess.run(
        [sys.executable, ROOT / "packaging" / "audit.py"],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )

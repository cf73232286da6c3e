"""What deploys on AWS: which wheels may, what of them does, and zips that never differ."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import PurePosixPath
from zipfile import ZipFile

import boto3
import pytest
import yaml
from moto import mock_aws
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from cloud.package import archives, interpreter, libraries, wheels
from cloud.package.archives import LIMIT, Archive, Clash, TooLarge
from cloud.package.build import Package, UnknownKind, functions_by_kind, functions_of
from cloud.package.kinds import KINDS, RUNTIME
from cloud.package.needs import NotPinned, closure
from cloud.package.template import UnknownStage, generate
from cloud.package.upload import upload
from cloud.package.wheels import NoWheel, WheelRefused
from cloud.project import PROJECT

MANYLINUX = "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64"
# What each function loads besides app.py.
STEPS = {
    "api": ["chalicelib.store.reporting"],
    "documents": [
        "chalicelib.steps.render_invoice",
        "chalicelib.steps.email_invoice",
        "chalicelib.steps.record_mail_event",
        "chalicelib.steps.sweep",
    ],
    "billing": ["chalicelib.steps.bill_month"],
}
LOADED = """
import json, sys
{imports}
print(json.dumps(sorted(name.partition(".")[0] for name in sys.modules)))
"""


def wheel(folder, tags, *, inside=None, files=(), content="pass\n", requires=()):
    """A wheel of ``thing`` 1.0 as its name says, or saying something else *inside*."""
    path = folder / f"thing-1.0-{tags}.whl"
    with ZipFile(path, "w") as archive:
        about = "".join(f"Requires-Dist: {line}\n" for line in requires)
        archive.writestr("thing-1.0.dist-info/METADATA", f"Name: thing\nVersion: 1.0\n{about}")
        archive.writestr("thing-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\nTag: {inside or tags}")
        for name in files:
            archive.writestr(name, content)
    return path


class TestWheels:
    @pytest.mark.parametrize(
        "tags",
        [
            "py3-none-any",
            "py2.py3-none-any",
            MANYLINUX,
            "cp39-abi3-manylinux2014_x86_64",
            "py3-none-manylinux_2_17_x86_64",
            "cp311-cp311-manylinux_2_26_x86_64",
            "cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_28_x86_64",
        ],
    )
    def test_ship_if_lambda_loads_them(self, tmp_path, tags):
        read = wheels.read(wheel(tmp_path, tags, requires=["other>=2; python_version < '4'"]))

        assert (read.name, read.version) == ("thing", Version("1.0"))
        assert [requirement.name for requirement in read.requires] == ["other"]

    @pytest.mark.parametrize(
        ("tags", "because"),
        [
            ("cp311-cp311-linux_x86_64", "was built from source and may not load"),
            ("cp311-cp311-macosx_11_0_arm64", "is for macosx_11_0_arm64, which Lambda"),
            ("cp311-cp311-win_amd64", "is for win_amd64"),
            ("cp311-cp311-manylinux2014_aarch64", "is for manylinux2014_aarch64"),
            ("cp311-cp311-musllinux_1_2_x86_64", "is for musllinux_1_2_x86_64"),
            ("cp311-cp311-manylinux_2_28_x86_64", "is for manylinux_2_28_x86_64"),
            ("cp312-cp312-manylinux2014_x86_64", "is for manylinux2014_x86_64"),
        ],
    )
    def test_are_refused_by_name_if_it_would_not(self, tmp_path, tags, because):
        path = wheel(tmp_path, tags)

        with pytest.raises(WheelRefused, match=re.escape(f"{path.name} {because}")):
            wheels.read(path)

    def test_are_refused_if_renamed(self, tmp_path):
        path = wheel(tmp_path, MANYLINUX, inside="cp311-cp311-linux_x86_64")

        with pytest.raises(WheelRefused, match="is for linux_x86_64, as its own files say"):
            wheels.read(path)

    def test_are_refused_if_they_hide_what_was_compiled(self, tmp_path):
        path = wheel(tmp_path, "py3-none-any", files=["thing/fast.so"])

        with pytest.raises(WheelRefused, match=r"for any platform but contains thing/fast\.so"):
            wheels.read(path)

    @pytest.mark.parametrize(("asked", "ships"), [("GLIBC_2.26", True), ("GLIBC_2.27", False)])
    def test_are_refused_if_they_ask_for_more_than_they_say(self, tmp_path, asked, ships):
        files = ["thing/fast.so", "thing.libs/libz.so.1"]
        path = wheel(tmp_path, MANYLINUX, files=files, content=f"\0GLIBC_2.9\0{asked}\0")

        if ships:
            assert wheels.read(path).name == "thing"
        else:
            with pytest.raises(WheelRefused, match=r"needs glibc 2\.27, but Lambda has 2\.26"):
                wheels.read(path)

    def test_are_refused_if_damaged(self, tmp_path):
        path = wheel(tmp_path, MANYLINUX)
        path.write_bytes(path.read_bytes()[:-30])

        with pytest.raises(WheelRefused, match="is not a valid wheel"):
            wheels.read(path)

    def test_are_never_built_from_source_where_none_is_published(self, tmp_path, monkeypatch):
        """As Pillow from 12.3 on: there is something to build, and nothing that Lambda loads."""
        wheel(tmp_path, "cp311-cp311-linux_x86_64")
        (tmp_path / "requirements.txt").write_text("thing==1.0\n")
        for name, value in {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(tmp_path),
            "PIP_CONFIG_FILE": os.devnull,
        }.items():
            monkeypatch.setenv(name, value)

        with pytest.raises(NoWheel, match=r"^thing==1\.0 has no wheel for Python 3\.11"):
            wheels.fetch(tmp_path / "requirements.txt", tmp_path / "wheels")


def needs(**requirements):
    return {name: [Requirement(line) for line in lines] for name, lines in requirements.items()}


VERSIONS = {name: Version("2") for name in ("a", "b", "c", "d")}


class TestNeeds:
    def test_are_followed_to_their_end(self):
        requires = needs(a=["B>=1"], b=["c", "a"], c=[], d=[])

        assert closure(["A"], requires, VERSIONS) == {"a", "b", "c"}

    def test_are_those_of_lambda_and_not_of_this_machine(self):
        requires = needs(
            a=["b; sys_platform == 'linux'", "x; os_name == 'nt'", "x; extra == 'more'"], b=[]
        )

        assert closure(["a"], requires, VERSIONS) == {"a", "b"}

    @pytest.mark.parametrize("line", ["b<2", "x"])
    def test_are_refused_by_name_unless_pinned(self, line):
        with pytest.raises(NotPinned, match=f"^a needs {line}; pin it in requirements.txt"):
            closure(["a"], needs(a=[line], b=[]), VERSIONS)


@pytest.fixture(scope="module")
def shipped():
    """The libraries of each kind, as pinned in requirements.txt and installed here."""
    lines = (PROJECT / "requirements.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    versions = {canonicalize_name(pin.name): distribution(pin.name).version for pin in pins}
    requires = {
        name: [Requirement(line) for line in distribution(name).requires or []] for name in versions
    }
    parsed = {name: Version(version) for name, version in versions.items()}
    return {kind: closure(names, requires, parsed) for kind, names in KINDS.items()} | {
        "all": frozenset(versions)
    }


class TestKinds:
    @pytest.mark.parametrize("kind", KINDS)
    def test_hold_all_that_their_functions_load(self, shipped, kind):
        imports = "\n".join(f"import {module}" for module in ("app", *STEPS[kind]))
        finished = subprocess.run(
            [sys.executable, "-c", LOADED.format(imports=imports)],
            capture_output=True,
            text=True,
            check=True,
            cwd=PROJECT,
        )
        providers = packages_distributions()
        loaded = {
            canonicalize_name(name)
            for module in json.loads(finished.stdout)
            for name in providers.get(module, ())
        }

        # Only what ships is looked at: libraries try others that may be installed here.
        assert loaded & shipped["all"] <= shipped[kind]

    def test_ship_all_that_is_pinned_and_nothing_that_lambda_has(self, shipped):
        kinds = frozenset().union(*(shipped[kind] for kind in KINDS))

        assert kinds == shipped["all"]
        assert not kinds & set(RUNTIME)

    def test_keep_frames_to_the_biller(self, shipped):
        assert "polars" in shipped["billing"]
        assert not {"polars", "pandera"} & (shipped["api"] | shipped["documents"])
        assert "fpdf2" not in shipped["api"] | shipped["billing"]


class TestLibraries:
    @pytest.mark.parametrize(
        ("file", "ships"),
        [
            ("thing/module.py", True),
            ("thing/data.json", True),
            ("thing/fast.cpython-311-x86_64-linux-gnu.so", True),
            ("thing.libs/libz.so.1", True),
            ("thing/py.typed", True),
            ("thing/fast.c", False),
            ("thing/fast.pyi", False),
            ("thing/tests/test_it.py", False),
            ("thing/testing/__init__.py", False),
            ("thing/testing.py", True),
            ("thing-1.0.dist-info/METADATA", True),
            ("thing-1.0.dist-info/entry_points.txt", True),
            ("thing-1.0.dist-info/licenses/LICENSE", True),
            ("thing-1.0.dist-info/RECORD", False),
            ("thing-1.0.dist-info/sboms/thing.json", False),
        ],
    )
    def test_ship_without_what_builds_or_tests_them(self, file, ships):
        assert libraries.ships(PurePosixPath(file)) is ships

    def test_lie_where_an_installer_would_put_them(self, tmp_path):
        data = ("scripts/thing", "data/share/man/thing.1", "platlib/thing/late.py")
        files = ["thing/__init__.py", *(f"thing-1.0.data/{name}" for name in data)]

        libraries.unpack(wheel(tmp_path, "py3-none-any", files=files), tmp_path / "to")

        assert [name for name in archives.gather([tmp_path / "to"]) if "info" not in name] == [
            "thing/__init__.py",
            "thing/late.py",
        ]

    @pytest.fixture
    def library(self, tmp_path):
        try:
            interpreter.interpreter()
        except interpreter.NoInterpreter as missing:
            pytest.skip(str(missing))
        (tmp_path / "library" / "thing").mkdir(parents=True)
        source = tmp_path / "library" / "thing" / "__init__.py"
        source.write_text("WORDS = {'a', 'b', 'c'}\ndef where(): raise ValueError('here')\n")
        return tmp_path / "library"

    def test_run_as_bytecode_alone_and_say_where_they_failed(self, library):
        libraries.replace_sources(library)
        fail = f"import sys; sys.path[:0] = [{str(library)!r}]; import thing; thing.where()"
        failed = subprocess.run(
            [interpreter.interpreter(), "-I", "-S", "-c", fail],
            capture_output=True,
            check=False,
        )

        assert [file.name for file in library.rglob("*.*")] == ["__init__.pyc"]
        assert b'File "/var/task/thing/__init__.py", line 2, in where' in failed.stderr

    def test_have_bytecode_that_no_python_checks_again(self, library):
        libraries.add_bytecode(library)
        [compiled] = library.rglob("*.pyc")

        # PEP 552: flags 1 are a hash of the source that is not compared with it.
        assert compiled.read_bytes()[4:8] == (1).to_bytes(4, "little")

    def test_are_refused_if_this_python_cannot_read_them(self, library):
        (library / "thing" / "late.py").write_text("def f[T](): pass\n")

        with pytest.raises(libraries.NotCompiled, match=r"late\.py"):
            libraries.replace_sources(library)


@pytest.fixture
def python(tmp_path):
    """Puts a Python of the tests' own version, or a broken shim, under a name in a folder."""

    def put(folder, name, *, starts):
        place = tmp_path / folder
        place.mkdir(parents=True, exist_ok=True)
        runs = f'exec "{sys.executable}" "$@"' if starts else "echo pyenv: not chosen >&2; exit 127"
        (place / name).write_text(f"#!/bin/sh\n{runs}\n")
        (place / name).chmod(0o755)
        return str(place / name)

    return put


@pytest.fixture
def pythons(tmp_path):
    """What cloud/pythons.sh finds on a path of folders below *tmp_path*, and in its own pyenv."""

    def find(*folders, version=f"{sys.version_info[0]}.{sys.version_info[1]}"):
        path = ":".join(str(tmp_path / folder) for folder in folders)
        found = subprocess.run(
            ["/bin/sh", str(PROJECT / "cloud" / "pythons.sh"), version],
            env={"PATH": path, "HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=True,
        )
        return found.stdout.splitlines()

    return find


HERE = "python{}.{}".format(*sys.version_info)


class TestPythons:
    def test_are_found_on_the_path(self, python, pythons):
        named = python("bin", HERE, starts=True)

        assert pythons("empty", "bin") == [named]

    def test_are_passed_over_if_they_are_shims_that_do_not_start(self, python, pythons):
        python("shims", HERE, starts=False)
        real = python("bin", HERE, starts=True)

        assert pythons("shims", "bin") == [real]

    def test_are_found_in_pyenv_s_own_root(self, python, pythons):
        python("shims", HERE, starts=False)
        real = python(
            f"home/.pyenv/versions/{HERE.removeprefix('python')}.9/bin", "python", starts=True
        )

        assert pythons("shims") == [real]

    def test_are_of_the_version_they_are_named(self, python, pythons):
        python("bin", "python3.10", starts=True)

        assert pythons("bin", version="3.10") == []


class TestTheInterpreter:
    @pytest.fixture(autouse=True)
    def forgotten(self):
        interpreter.interpreter.cache_clear()
        yield
        interpreter.interpreter.cache_clear()

    def test_is_this_one_if_lambda_runs_the_same(self, monkeypatch):
        monkeypatch.setattr(interpreter, "VERSION", sys.version_info[:2])

        assert interpreter.interpreter() == sys.executable

    def test_is_missed_in_one_sentence(self, monkeypatch):
        monkeypatch.setattr(interpreter, "VERSION", (3, 1))
        monkeypatch.setattr(interpreter, "DOTTED", "3.1")

        with pytest.raises(interpreter.NoInterpreter, match=r"install python3\.11"):
            interpreter.interpreter()


@pytest.fixture
def folder(tmp_path):
    def make(name, **files):
        made = tmp_path / name
        made.mkdir()
        for file, content in files.items():
            (made / file).write_text(content)
        return made

    return make


class TestArchives:
    def test_are_the_same_for_the_same_files_whenever_and_wherever(self, folder, tmp_path):
        early, late = folder("early", b="2", a="1"), folder("late", a="1", b="2")
        os.utime(late / "a", (0, 1_000_000_000))
        (late / "b").chmod(0o700)
        one, two = (
            archives.write(archives.gather([of]), tmp_path / f"{of.name}.zip")
            for of in (early, late)
        )

        assert one.sha256 == two.sha256
        assert one.path.read_bytes() == two.path.read_bytes()
        assert one.unzipped == 2

    def test_can_be_read_by_lambdas_own_user(self, folder, tmp_path):
        made = folder("made", secret="1")
        (made / "secret").chmod(0o600)
        archive = archives.write(archives.gather([made]), tmp_path / "made.zip")

        with ZipFile(archive.path) as read:
            assert {entry.external_attr >> 16 for entry in read.infolist()} == {0o100644}

    def test_differ_as_soon_as_a_byte_does(self, folder, tmp_path):
        hashes = {
            archives.write(archives.gather([folder(content, a=content)]), tmp_path / "z").sha256
            for content in ("1", "2")
        }

        assert len(hashes) == 2

    def test_take_no_file_from_two_libraries(self, folder):
        with pytest.raises(Clash, match="two libraries contain shared"):
            archives.gather([folder("one", shared="1"), folder("two", shared="2")])

    def test_are_refused_if_lambda_would_refuse_them(self, folder, tmp_path):
        made = folder("made", large="")
        os.truncate(made / "large", LIMIT + 1)

        with pytest.raises(
            TooLarge, match=r"large\.zip unpacks to 250\.0 MiB, but Lambda allows 250"
        ):
            archives.write(archives.gather([made]), tmp_path / "large.zip")
        assert not (tmp_path / "large.zip").exists()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    work = tmp_path_factory.mktemp("work")
    generate(PROJECT, "prod", work, work / "generated")
    return work / "generated" / "sam.yaml"


class TestTemplate:
    def test_gives_every_function_the_zip_of_its_kind(self, template):
        kinds = functions_by_kind(template)

        assert set(kinds) == set(KINDS)
        assert kinds["api"] == ("APIHandler",)
        assert "BillMonth" in kinds["billing"]
        assert {"RenderInvoice", "EmailInvoice", "RecordMailEvent", "Sweep"} <= {
            *kinds["documents"]
        }

    def test_runs_them_where_their_wheels_load(self, template):
        for function in functions_of(yaml.safe_load(template.read_text())).values():
            assert (function["Runtime"], function["Architectures"]) == (
                interpreter.RUNTIME,
                ["x86_64"],
            )

    def test_is_refused_if_a_function_has_no_kind(self, template, tmp_path):
        other = tmp_path / "sam.yaml"
        other.write_text(template.read_text().replace("CodeUri: api.zip", "CodeUri: more.zip"))

        with pytest.raises(UnknownKind, match=r"APIHandler uses more\.zip"):
            functions_by_kind(other)

    def test_is_refused_for_a_stage_that_has_no_sizes(self, tmp_path):
        with pytest.raises(UnknownStage, match=r"no stage staging; .*: dev, prod"):
            generate(PROJECT, "staging", tmp_path, tmp_path / "generated")


class TestUpload:
    @mock_aws
    def test_names_each_zip_after_its_bytes(self, template, tmp_path, monkeypatch):
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        packaged = tmp_path / "sam.yaml"
        packaged.write_text(template.read_text())
        zips = {}
        for kind in KINDS:
            path = tmp_path / f"{kind}.zip"
            path.write_text(kind)
            zips[kind] = Archive(path, 1, kind[0] * 64)
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="code")

        written = upload(Package(packaged, zips, functions_by_kind(packaged)), "code", s3)

        functions = functions_of(yaml.safe_load(written.read_text()))
        key = f"selfbill/billing-{'b' * 16}.zip"
        assert functions["BillMonth"]["CodeUri"] == f"s3://code/{key}"
        assert s3.get_object(Bucket="code", Key=key)["Body"].read() == b"billing"
        assert {function["CodeUri"][:19] for function in functions.values()} == {
            "s3://code/selfbill/"
        }

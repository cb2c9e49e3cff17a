"""What a release changed besides code: kinds of files, their commits, and packages."""

from pathlib import Path

import pytest

from analysis.repository.file_kind import file_kind, is_document_or_test
from analysis.repository.package_changes import package_changes
from analysis.repository.suspicion import suspicion
from tests.source_repository import SourceRepository
from tests.test_repository_suspects import frames_at


@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        (
            "config",
            "config/prod.yaml app.toml conf/app.ini .env deploy/.env.prod service/prod.env"
            " charts/shop/values.yaml charts/shop/templates/deployment.yaml k8s/hpa.yaml"
            " infra/main.tf infra/prod.tfvars config/flags.json src/appsettings.Production.json"
            " src/main/resources/application.properties src/main/resources/logback-spring.xml",
        ),
        (
            "migration",
            "alembic/versions/3f2a_add.py orders/migrations/0007_add_tax.py"
            " src/main/resources/db/migration/V7__add_tax.sql db/migrate/20260101_add_tax.rb"
            " src/main/resources/db/changelog/db.changelog-7.xml prisma/migrations/7/migration.sql"
            " prisma/schema.prisma migrations/20260101_add.js migrations/000007_add.up.sql"
            " sql/migrations/tax.sql",
        ),
        (
            "dependency",
            "requirements.txt requirements-dev.txt requirements/prod.txt pyproject.toml poetry.lock"
            " uv.lock web/package.json web/package-lock.json yarn.lock pnpm-lock.yaml pom.xml"
            " app/build.gradle app/build.gradle.kts gradle.lockfile gradle/libs.versions.toml"
            " go.mod go.sum Cargo.toml Cargo.lock Gemfile Gemfile.lock composer.json composer.lock",
        ),
        (
            "build",
            "Dockerfile docker/Dockerfile.prod api.dockerfile .github/workflows/ci.yml Makefile"
            " .gitlab-ci.yml .circleci/config.yml Jenkinsfile",
        ),
        (
            None,
            "src/shop/orders.py README.md docs/config.yaml tests/config.yaml data/cities.json"
            " src/orders/migrations/__init__.py src/versions/api.py web/src/migrate/cart.ts",
        ),
    ],
)
def test_kinds(kind: str | None, paths: str) -> None:
    """A file's name and folder tell what it is for."""
    assert {path: file_kind(path) for path in paths.split()} == dict.fromkeys(paths.split(), kind)


def test_documents_and_tests() -> None:
    """Documents and tests are told from code; requirements.txt is neither."""
    harmless = (
        "README.md docs/a.py tests/a.py src/a_test.go a.test.ts src/test/java/A.java FooIT.java"
    )
    assert all(is_document_or_test(path) for path in harmless.split())
    for path in ("requirements.txt", "src/latest.py", "contest/app.py", "src/testing.py"):
        assert not is_document_or_test(path)


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        ("requirements.txt", "requests==2.31.0\nsix==1.16.0\n", "requests==2.32.0\nattrs==24.1\n",
         ("attrs added 24.1", "requests 2.31.0 -> 2.32.0", "six removed 1.16.0")),
        ("pyproject.toml", '[project]\nversion = "1"\ndependencies = [\n  "httpx>=0.27",\n]\n',
         '[project]\nversion = "2"\ndependencies = [\n  "httpx>=0.28",\n]\n',
         ("httpx >=0.27 -> >=0.28",)),
        ("package.json", '{"version": "1.0.0",\n"dependencies": {\n  "@acme/cart": "^1.2.0"\n}}\n',
         '{"version": "1.1.0",\n"dependencies": {\n  "@acme/cart": "^1.3.0"\n}}\n',
         ("@acme/cart ^1.2.0 -> ^1.3.0",)),
        ("package-lock.json",
         '{\n "node_modules/@acme/cart": {\n  "version": "1.2.0",\n  "dev": true\n }\n}\n',
         '{\n "node_modules/@acme/cart": {\n  "version": "1.3.0",\n  "dev": true\n }\n}\n',
         ("@acme/cart 1.2.0 -> 1.3.0",)),
        ("yarn.lock", '"@acme/cart@^1.2.0":\n  version "1.2.0"\n',
         '"@acme/cart@^1.2.0":\n  version "1.2.9"\n', ("@acme/cart 1.2.0 -> 1.2.9",)),
        ("uv.lock", '[[package]]\nname = "httpx"\nversion = "0.27.0"\nsource = 1\n',
         '[[package]]\nname = "httpx"\nversion = "0.28.0"\nsource = 1\n',
         ("httpx 0.27.0 -> 0.28.0",)),
        ("Cargo.lock", '[[package]]\nname = "serde"\nversion = "1.0.1"\n',
         '[[package]]\nname = "serde"\nversion = "1.0.2"\n', ("serde 1.0.1 -> 1.0.2",)),
        ("go.mod", "require github.com/acme/cart v1.2.0\n", "require github.com/acme/cart v1.3.0\n",
         ("github.com/acme/cart v1.2.0 -> v1.3.0",)),
        ("pom.xml", "<artifactId>cart</artifactId>\n<version>1.2</version>\n",
         "<artifactId>cart</artifactId>\n<version>1.3</version>\n", ("cart 1.2 -> 1.3",)),
        ("build.gradle.kts", 'implementation("com.acme:cart:1.2")\n',
         'implementation("com.acme:cart:1.3")\n', ("com.acme:cart 1.2 -> 1.3",)),
        ("Gemfile.lock", "GEM\n  specs:\n    rails (7.1.0)\n", "GEM\n  specs:\n    rails (7.2.0)\n",
         ("rails 7.1.0 -> 7.2.0",)),
        ("composer.lock", '{\n "name": "acme/cart",\n "version": "1.2"\n}\n',
         '{\n "name": "acme/cart",\n "version": "1.3"\n}\n', ("acme/cart 1.2 -> 1.3",)),
    ],
)  # fmt: skip
def test_packages(
    tmp_path: Path, path: str, before: str, after: str, expected: tuple[str, ...]
) -> None:
    """Of manifests and lock files it is told which packages changed, from their diff."""
    made = SourceRepository.create(tmp_path / "shop")
    base = made.commit("Begin", {path: before, "app.py": "run()\n"})
    update = made.commit("Update", {path: after})
    [changed] = suspicion(made.folder, (), (), base, "main").changed
    assert (changed.path, changed.kind, changed.commits) == (path, "dependency", (update[:10],))
    assert changed.details == expected


def test_package_changes_are_bounded() -> None:
    """Of a lock file that changed wholly the first packages are told."""
    diff = [f"+package-{n}=={n}.0" for n in range(1_000)] + ["+" + "x" * 100_000]
    assert len(package_changes("requirements.txt", diff)) == 50


def test_changed_files_of_a_release(tmp_path: Path) -> None:
    """Files that differ at the end are told by kind, those of stack traces first."""
    made = SourceRepository.create(tmp_path / "shop")
    files = {"src/shop/orders.py": "def place():\n    return 1\n", "config/a.yaml": "a: 1\n"}
    base = made.commit("Begin", files | {"config/back.yaml": "b: 1\n", "config/gone.yaml": "c\n"})
    first = made.commit("Set a", {"config/a.yaml": "a: 2\n", "config/back.yaml": "b: 2\n"})
    made.commit("Set it back", {"config/back.yaml": "b: 1\n"})
    last = made.commit("All", {
        "config/a.yaml": "a: 3\n", "config/gone.yaml": None, "Dockerfile": "FROM scratch\n",
        "src/shop/orders.py": "def place():\n    return 2\n", "vendor/x/config/x.yaml": "x: 1\n",
        "migrations/0001_tax.sql": "ALTER TABLE tax;\n",
    })  # fmt: skip
    found = suspicion(
        made.folder, (), frames_at(("/app/src/shop/orders.py", 2, "place")), base, "main"
    )
    assert [(one.path, one.kind) for one in found.changed] == [
        ("src/shop/orders.py", "code-in-stack"),
        ("migrations/0001_tax.sql", "migration"),
        ("config/a.yaml", "config"),
        ("config/gone.yaml", "config"),
        ("Dockerfile", "build"),
    ]
    assert found.changed[2].commits == (last[:10], first[:10])

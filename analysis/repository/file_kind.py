"""What a changed file is for: configuration, migration, dependency, build, documents or tests."""

import re
from pathlib import PurePosixPath

CONFIG, MIGRATION, DEPENDENCY, BUILD = "config", "migration", "dependency", "build"
_DEPENDENCY_NAMES = frozenset((
    "pyproject.toml", "poetry.lock", "uv.lock", "pdm.lock", "setup.py", "setup.cfg", "pipfile",
    "pipfile.lock", "constraints.txt", "environment.yml", "package.json", "package-lock.json",
    "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", "deno.lock",
    "pom.xml", "build.gradle", "build.gradle.kts", "gradle.lockfile", "buildscript-gradle.lockfile",
    "libs.versions.toml", "build.sbt", "go.mod", "go.sum", "go.work", "go.work.sum", "cargo.toml",
    "cargo.lock", "gemfile", "gemfile.lock", "composer.json", "composer.lock", "mix.exs",
    "mix.lock", "packages.config", "packages.lock.json", "directory.packages.props",
))  # fmt: skip
_DEPENDENCY = re.compile(
    r"(?:.*[-_.])?requirements(?:[-_.].*)?\.(?:txt|in)|constraints.*\.txt|.*\.(?:gemspec|csproj)"
)
_LISTED = re.compile(r"(?:^|/)requirements/[^/]+\.(?:txt|in)$")
_BUILD_NAMES = frozenset((
    "makefile", "jenkinsfile", ".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml",
    "bitbucket-pipelines.yml", "cloudbuild.yaml", "skaffold.yaml", "settings.gradle",
    "settings.gradle.kts", "gradle-wrapper.properties", ".dockerignore", "justfile", "taskfile.yml",
    "procfile", "buildspec.yml", "webpack.config.js", "vite.config.ts", "tsconfig.json",
))  # fmt: skip
_BUILD = re.compile(r"(?:.*\.)?(?:docker|container)file(?:\..*)?")
_BUILD_FOLDERS = (".github/workflows/", ".github/actions/", ".circleci/", ".buildkite/", ".gitlab/")
_CONFIG_SUFFIXES = frozenset((
    ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".config", ".properties", ".tf", ".tfvars",
    ".hcl", ".env", ".json", ".json5", ".jsonc", ".jsonnet", ".libsonnet", ".cue", ".tpl", ".xml",
    ".hocon", ".dhall", ".kdl",
))  # fmt: skip
_CONFIG_FOLDERS = frozenset((
    "config", "configs", "conf", "settings", "helm", "charts", "k8s", "kubernetes", "terraform",
    "deploy", "deployment", "deployments", "kustomize", "overlays", "manifests", "ansible",
    "environments", "env", "flags",
))  # fmt: skip
# XML and JSON are data as often as configuration, so they need a name or a folder that says so.
_MAYBE_DATA = frozenset((".json", ".json5", ".jsonc", ".xml", ".tpl"))
_CONFIG_NAME = re.compile(
    r"(?:.*[-_.])?(?:config|configuration|settings|application|logback|log4j2?|appsettings|values"
    r"|flags)(?:[-_.].*)?\.(?:json5?|jsonc|xml)"
)
_ENV = re.compile(r"\.env(?:\..*)?|.*\.env")
_MIGRATION_FOLDER = re.compile(
    r"(?:^|/)(?:migrations?|alembic/versions|versions|db/migrate|db/migration|changelogs?"
    r"|db/changelog|liquibase|flyway|migrate)/"
)
_ALEMBIC = re.compile(r"(?:^|/)(?:alembic|migrations?)/(?:.*/)?versions/[^/]+\.py$")
_DJANGO = re.compile(r"(?:^|/)migrations/[0-9]{4}_[^/]+\.py$")
_FLYWAY = re.compile(r"(?:^|/)[VUR][0-9._]*__[^/]+\.(?:sql|java|kt)$")
_NUMBERED = re.compile(r"(?:^|/)[0-9]{3,}[-_.][^/]+\.(?:up\.sql|down\.sql|sql|js|ts|rb|cjs|mjs)$")
_LIQUIBASE = re.compile(r"(?:^|/)(?:db\.)?changelog[^/]*\.(?:xml|ya?ml|json|sql)$")
_DOCUMENTS = frozenset((".md", ".rst", ".adoc", ".txt", ".png", ".svg", ".jpg", ".jpeg", ".gif"))
_DOCUMENT_FOLDERS = frozenset(("doc", "docs", "documentation"))
_TEST_FOLDERS = frozenset((
    "test", "tests", "__tests__", "spec", "specs", "e2e", "testdata", "fixtures", "__mocks__",
    "androidTest", "cypress",
))  # fmt: skip
_TEST_NAME = re.compile(
    r"test_.*\.py|.*_tests?\.(?:py|go|rb|exs)|.*(?:[.-])(?:test|spec)\.[cm]?[jt]sx?|conftest\.py"
    r"|.*(?:Tests?|IT|Spec)\.(?:java|kt|scala|groovy|cs|php)|.*_spec\.rb"
)


def file_kind(path: str) -> str | None:
    """config, migration, dependency or build; None for code, documents, tests and data."""
    name = PurePosixPath(path).name.lower()
    if _LISTED.search(path):
        return DEPENDENCY
    if is_document_or_test(path) and not _DEPENDENCY.fullmatch(name):
        return None
    if name in _DEPENDENCY_NAMES or _DEPENDENCY.fullmatch(name):
        return DEPENDENCY
    if name in _BUILD_NAMES or _BUILD.fullmatch(name) or path.startswith(_BUILD_FOLDERS):
        return BUILD
    if _is_migration(path):
        return MIGRATION
    return CONFIG if _is_config(path, name) else None


def is_document_or_test(path: str) -> bool:
    """Whether a file cannot break what is deployed: a document, or a test."""
    if _LISTED.search(path):
        return False
    place = PurePosixPath(path)
    folders = set(place.parts[:-1])
    if folders & _TEST_FOLDERS or _TEST_NAME.fullmatch(place.name):
        return True
    if place.suffix.lower() in _DOCUMENTS and not _DEPENDENCY.fullmatch(place.name.lower()):
        return True
    return place.parts[0] in _DOCUMENT_FOLDERS or place.name.upper() in ("LICENSE", "CODEOWNERS")


def _is_migration(path: str) -> bool:
    if any(one.search(path) for one in (_ALEMBIC, _DJANGO, _FLYWAY, _LIQUIBASE)):
        return True
    if not _MIGRATION_FOLDER.search(path):
        return path.endswith(("schema.prisma", "db/schema.rb"))
    return path.endswith((".sql", ".prisma")) or bool(_NUMBERED.search(path))


def _is_config(path: str, name: str) -> bool:
    suffix = PurePosixPath(name).suffix
    if _ENV.fullmatch(name) or _CONFIG_NAME.fullmatch(name):
        return True
    if suffix not in _CONFIG_SUFFIXES:
        return False
    folders = set(PurePosixPath(path).parts[:-1])
    return suffix not in _MAYBE_DATA or bool(folders & _CONFIG_FOLDERS)

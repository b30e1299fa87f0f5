"""Builds the documentation's site. From the project's folder: python docs/site

It is made from the Markdown that GitHub shows, in docs/_build/site, one folder to be served as it is: pages in both languages with search,
the reference of all public names, the pages of `explore` that the lessons link to, and the playground. Needs the extra `docs`, and npm,
which fetches the parts of the playground once. After that nothing is fetched, neither here nor by the site. With --open the site is then
served, on this machine alone, and its playground opens in the browser.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
DOCS = HERE.parent
ROOT = DOCS.parent
for place in (ROOT, DOCS):  # the package of this clone, and docs/places.py
    sys.path.insert(0, str(place))

import addresses  # noqa: E402
import play  # noqa: E402
import serving  # noqa: E402
import staging  # noqa: E402

LANGUAGES = ("en", "ja")
USUAL = DOCS / "_build" / "site"
MARK = ".made-by-docs-site"  # the file by which a site is known that may be replaced


def sphinx(source: Path, target: Path, language: str, with_play: bool) -> None:
    """Runs Sphinx in a process of its own: it keeps what it knows in the interpreter. Raises CalledProcessError for any warning."""
    subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "--fresh-env"),
            *(
                "-b",
                "html",
                "-c",
                str(HERE),
                "-d",
                str(source.parent / f"doctrees-{language}"),
                str(source),
                str(target),
            ),
        ],
        check=True,
        env={
            **os.environ,
            "SITE_LANGUAGE": language,
            "SITE_PLAY": "1" if with_play else "",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)]),
        },
    )


def build(target: Path, with_play: bool) -> None:
    """Writes the site to this folder, in place of a site that was there.

    Raises FileExistsError where anything else is there, another OSError for files that are missing or cannot be written, and
    CalledProcessError where a program that is run fails.
    """
    _refuse_what_is_not_ours(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=".site-", dir=target.parent
    ) as work:  # beside it: the site is moved, not copied
        site = _made(Path(work), with_play)
        if target.exists():
            target.rename(Path(work) / "before")
        site.rename(target)


def _refuse_what_is_not_ours(target: Path) -> None:
    if target == USUAL or not target.exists() or (target / MARK).exists():
        return
    if not target.is_dir() or any(target.iterdir()):
        raise FileExistsError(f"{target} is there, and is no site built by this program: it is left as it is")


def _made(work: Path, with_play: bool) -> Path:
    """The site, made in a folder of this one, where all that it is made from is written, too."""
    site = work / "site"
    for language in LANGUAGES:
        if staging.has(language):
            print(f"pages: {language}", flush=True)
            source = work / f"source-{language}"
            staging.stage(source, language, with_play)
            sphinx(source, site / language if language != "en" else site, language, with_play)
    for leftover in site.rglob(".buildinfo*"):
        leftover.unlink()
    print("the pages of explore", flush=True)
    staging.write_explorer_pages(site)
    if with_play:
        print("the playground", flush=True)
        play.build(site / "play")
    addresses.settle(site)
    if with_play:
        play.keep_lessons(site)
    (site / ".nojekyll").touch()  # GitHub would leave out folders that begin with an underscore
    (site / MARK).touch()
    return site


def main(arguments: list[str] | None = None) -> int:
    """The command. Returns its exit status."""
    parser = argparse.ArgumentParser(prog="python docs/site", description="Builds the documentation's site.")
    parser.add_argument("-o", "--out", type=Path, default=USUAL, help="the folder (docs/_build/site)")
    parser.add_argument("--no-play", action="store_true", help="leave out the playground, which needs npm")
    parser.add_argument("--open", action="store_true", help="serve it, and open the playground in the browser")
    given = parser.parse_args(arguments)
    if not given.no_play and shutil.which("npm") is None:
        parser.error("the playground needs npm, which comes with Node.js; --no-play builds the site without it")
    target = given.out.resolve()
    try:
        build(target, with_play=not given.no_play)
    except subprocess.CalledProcessError as error:
        print(f"the site is not built: {error.cmd[0]} failed with status {error.returncode}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"the site is not built: {error}", file=sys.stderr)
        return 1
    if given.open:
        serving.serve(target, "" if given.no_play else "play/")
    else:
        print(f"{target}: serve it, for instance by  python -m http.server -d {target}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Where the project is published: what waits for its address. From the project's folder: python docs/published.py

One line says it, `Repository = "https://github.com/OWNER/NAME"` in pyproject.toml below [project.urls], and nothing else. From it this
program writes the other URLs there, and what the pages below say of the clone, the site and the playground; without that line it takes
them out again, and the pages say what can be done with a copy. The badges of the notebooks come from the same line, by
docs/notebooks.py. The site is that of the repository's GitHub Pages.
"""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
URLS = {
    "Homepage": "{site}",
    "Documentation": "{site}",
    "Issues": "{repository}/issues",
    "Changelog": "{repository}/blob/main/CHANGELOG.md",
}
BUILT = '`pip install -e ".[docs]" && python docs/site --open`'
# On each page what is said while there is no address, and what is said when there is one.
SAID: dict[str, list[tuple[str, str]]] = {
    "README.md": [
        (
            "clone it with git, or download it as a ZIP file from its page (*Code*, *Download ZIP*)\nand unpack that.",
            "`git clone {repository}`,\nor the ZIP file of [its page]({repository}) (*Code*, *Download ZIP*), unpacked.",
        ),
        (
            "There is [the playground](docs/README.md), too: Python in the browser, which draws the graph with its gradients "
            "while you type. In a copy of\n"
            f"this repository, this builds it and opens it (npm, which comes with Node.js, fetches its parts): {BUILT}",
            "Or [open the playground]({site}play/): Python in the browser, with nothing to install, which draws the graph with its "
            "gradients while\nyou type.",
        ),
        (
            "The pages are a site, too, with search:\n  `python docs/site` builds it.",
            "The pages are [a site]({site}), too, with search.",
        ),
    ],
    "docs/README.md": [
        (f"{BUILT} builds it in\n`docs/_build/site` and opens it.", "[It is here]({site})."),
    ],
    "docs/ja/README.md": [
        (
            "git で clone するか、リポジトリのページから ZIP ファイルとしてダウンロードして（*Code*、*Download ZIP*）、"
            "展開してください。",
            "`git clone {repository}` とするか、[リポジトリのページ]({repository})から ZIP ファイルとして"
            "ダウンロードして（*Code*、*Download ZIP*）、展開してください。",
        ),
        (
            "ブラウザーで Python を動かせる[プレイグラウンド](../README.md)もあり、書いているプログラムの"
            "計算グラフと勾配がその場で表示されます。リポジトリのコピーの"
            f"フォルダーで {BUILT} とすると、できあがって開きます（Node.js に付いている npm が、必要な部品を取ってきます）。",
            "[プレイグラウンドを開く]({site}play/?lang=ja)：何もインストールせずにブラウザーで Python を動かせて、"
            "書いているプログラムの計算グラフと勾配がその場で表示されます。",
        ),
        (
            "これらのページは、`python docs/site` で、検索の付いたサイトにもなります。",
            "これらのページは、[検索の付いたサイト]({site}ja/)でも読めます。",
        ),
    ],
}


def repository(root: Path = ROOT) -> str:
    """Where the repository is, as pyproject.toml says it; empty if it does not. Raises ValueError for another place than GitHub."""
    found = re.search(r'^Repository = "([^"]*)"$', _urls(_read(root / "pyproject.toml")), re.MULTILINE)
    if found is None:
        return ""
    address = found[1].rstrip("/").removesuffix(".git")
    if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", address):
        raise ValueError(f"Repository in pyproject.toml: it is to be https://github.com/OWNER/NAME, not {address}")
    return address


def site(repository: str) -> str:
    """The address of the GitHub Pages of a repository."""
    owner, name = repository.split("/")[-2:]
    return f"https://{owner.lower()}.github.io/{name}/"


def written(root: Path = ROOT) -> dict[Path, str]:
    """The files that say where the project is published, as they should be. Raises ValueError for one that says nothing of it."""
    address = repository(root)
    parts = {"repository": address, "site": site(address) if address else ""}
    project = root / "pyproject.toml"
    text = _read(project)
    urls = _urls(text)
    own = "".join(f'{name} = "{url.format(**parts)}"\n' for name, url in URLS.items()) if address else ""
    kept = re.sub(rf"^(?:{'|'.join(URLS)}) = .*\n", "", urls, flags=re.MULTILINE)
    made = {
        project: text.replace(
            urls, re.sub(r"(?<=^Repository = ).*\n", lambda found: found[0] + own, kept, flags=re.MULTILINE)
        )
    }
    for name, said in SAID.items():
        text = _read(root / name)
        for without, published in said:
            any_address = re.sub(r"\\{\w+\\}", r"[^\\s()`]+", re.escape(published))
            wanted = published.format(**parts) if address else without
            text, count = re.subn(f"{re.escape(without)}|{any_address}", lambda _, wanted=wanted: wanted, text)
            if count != 1:
                raise ValueError(f"{name} has {count} times, and not once, what is said of the address: {without!r}")
        made[root / name] = text
    return made


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _urls(project: str) -> str:
    return project.partition("[project.urls]\n")[2].partition("\n[")[0] + "\n"


def main() -> int:
    """Writes what has to be written otherwise, and says which files. Returns the exit status."""
    translated = runpy.run_path(str(DOCS / "translated.py"))
    lagging = translated["lagging"]()
    try:
        made = written()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    changed = [file for file, text in made.items() if _read(file) != text]
    for file in changed:
        file.write_text(made[file], encoding="utf-8")
        print(file.relative_to(ROOT))
    if translated["README"] not in lagging:  # both languages were changed
        translated["renew"]([translated["README"]])
    if changed:
        print("now python docs/notebooks.py, for the badges of the notebooks")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`run this` under each block of Python that the playground can run: a link that holds the program."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from programs import Page, link
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

# Machine code, NumPy and other libraries are not in the browser; the reference and sources are no programs.
NOT_IN_A_BROWSER = ("api/", "source/", "machine-code", "many-machines", "numpy", "other-models")
RUN = {"en": "run this", "ja": "実行してみる"}


class RunThis(SphinxPostTransform):
    """Puts the links under the blocks."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Called by Sphinx for each page."""
        if not self.config.site_with_play or self.env.docname.startswith(NOT_IN_A_BROWSER):
            return
        page = Page()
        for block in list(self.document.findall(nodes.literal_block)):
            if block.get("language") == "python":
                program = page.program(block.astext())
                if program is not None:
                    language = self.config.language
                    html = f'<a class="run-this" rel="nofollow" href="{link(program, language)}">{RUN[language]}</a>'
                    place = block.parent if isinstance(block.parent, nodes.container) else block
                    place.parent.insert(place.parent.index(place) + 1, nodes.raw("", html, format="html"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_config_value("site_with_play", False, "env")
    app.add_post_transform(RunThis)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

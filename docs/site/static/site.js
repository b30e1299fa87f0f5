// A picture that is there light and dark follows the page, not the system, where a reader has chosen.
function follow() {
  const theme = document.body.dataset.theme;
  for (const source of document.querySelectorAll("picture > source[media]")) {
    source.dataset.media ??= source.media;
    if (source.dataset.media.includes("dark")) {
      source.media = theme === "dark" ? "all" : theme === "light" ? "not all" : source.dataset.media;
    }
  }
}
document.addEventListener("DOMContentLoaded", () => {
  follow();
  new MutationObserver(follow).observe(document.body, { attributeFilter: ["data-theme"] });
});

// What scrolls sideways can be scrolled by keys.
addEventListener("load", () => {
  for (const wide of document.querySelectorAll(".highlight > pre, .article-container table, .table-wrapper, picture")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
  }
});

// The other language opens where this one is read.
function lead() {
  const here = decodeURIComponent(location.hash.slice(1));
  for (const link of document.querySelectorAll("a[data-anchors]")) {
    const anchors = JSON.parse(link.dataset.anchors);
    link.hash = here && encodeURIComponent(Object.hasOwn(anchors, here) ? anchors[here] : here);
  }
}
addEventListener("hashchange", lead);
document.addEventListener("DOMContentLoaded", lead);

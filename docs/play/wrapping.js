// A line that is wrapped goes on below its own indentation, and a little further in.
import { countColumn, RangeSetBuilder } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin } from "@codemirror/view";

const FURTHER = 2; // columns
const MOST = 16; // of a narrow editor more would leave no room

/** How far in each line that is in sight goes on. */
function marks(view) {
  const made = new RangeSetBuilder();
  let next = 0;
  for (const { from, to } of view.visibleRanges) {
    for (let at = Math.max(from, next); at <= to; at = next) {
      const line = view.state.doc.lineAt(at);
      const columns = countColumn(/^\s*/.exec(line.text)[0], view.state.tabSize) + FURTHER;
      made.add(line.from, line.from, Decoration.line({ attributes: { style: `--hang: ${Math.min(columns, MOST)}ch` } }));
      next = line.to + 1;
    }
  }
  return made.finish();
}

const plugin = ViewPlugin.define(
  (view) => ({
    decorations: marks(view),
    update(update) {
      if (update.docChanged || update.viewportChanged) this.decorations = marks(update.view);
    },
  }),
  { decorations: (value) => value.decorations },
);

const look = EditorView.baseTheme({
  ".cm-line": { paddingLeft: "calc(6px + var(--hang, 0ch))", textIndent: "calc(-1 * var(--hang, 0ch))" },
  ".cm-line *": { textIndent: 0 },
});

export const wrapping = [EditorView.lineWrapping, plugin, look];

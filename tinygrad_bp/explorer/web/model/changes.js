// What a change makes of the settings of a training, and two changes at the same place as one.

/**
 * Settings after a change.
 * @param {Settings} settings
 * @param {Change} change
 * @returns {Settings}
 */
export function changed(settings, { settings: more, preset, table, cells }) {
  const found = { ...settings, ...more };
  if (preset !== undefined) Object.assign(found, { preset, cases: settings.tables[preset] });
  if (table) Object.assign(found, { preset: null, cases: table });
  for (const [row, leaf, x] of cells ?? []) {
    found.preset = null;
    const pairs = found.cases[row].map(([id, old]) => /** @type {[number, number]} */ ([id, id === leaf ? x : old]));
    found.cases = found.cases.map((old, k) => (k === row ? pairs : old));
  }
  return found;
}

/**
 * Two changes at the same place as one.
 * @param {TrainingEvent} first
 * @param {Change} second
 * @returns {TrainingEvent}
 */
export function together(first, second) {
  const found = { ...first, ...second };
  if (second.settings) found.settings = { ...first.settings, ...second.settings };
  if (second.leaves) found.leaves = [...new Map([...(first.leaves ?? []), ...second.leaves])];
  const anew = second.preset !== undefined || second.table !== undefined;
  if (anew) delete found.cells; // unless the change has some
  if (second.preset !== undefined) delete found.table;
  if (second.cells)
    found.cells = [
      ...new Map([...(anew ? [] : (first.cells ?? [])), ...second.cells].map((cell) => [`${cell[0]},${cell[1]}`, cell])).values(),
    ];
  return found;
}

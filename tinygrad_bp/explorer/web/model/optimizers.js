// How a parameter is changed, given its gradient. The formulas are programs, written from those of the package's optimizers.

/**
 * What the learning rate is multiplied by in the plain update of a parameter: its gradient, on top of what was kept of those before.
 * @param {Pick<TrainingState, "settings" | "sums">} state
 * @param {number} id
 * @param {number} gradient
 */
export function totalGradient({ settings, sums }, id, gradient) {
  return settings.accumulate ? sums[id] + gradient : gradient;
}

/**
 * The settings of the next step, after so many: of Adam the rate, the same over 1 − β₁^t, and the root of 1 − β₂^t.
 * @param {Optimizer} optimizer
 * @param {number} rate
 * @param {number} steps
 */
function settingsOf({ beta1, beta2 }, rate, steps) {
  if (beta1 === undefined || beta2 === undefined) return [rate];
  return [rate, rate / (1 - beta1 ** (steps + 1)), Math.sqrt(1 - beta2 ** (steps + 1))];
}

/**
 * What the update makes of a parameter, and what is remembered of it then.
 * @param {TrainingState} state
 * @param {number} id
 * @param {number} gradient
 * @returns {number[]}
 */
export function stepped(state, id, gradient) {
  const { settings, leaves, moments, steps } = state;
  const optimizer = state.optimizers[settings.optimizer];
  const total = totalGradient(state, id, gradient);
  if (!optimizer.kept) return [leaves[id] - settings.rate * total]; // as its formula says, and fast
  const kept = moments.slice(0, optimizer.kept).map((row) => row[id]);
  return optimizer.formula(leaves[id], total, ...kept, ...settingsOf(optimizer, settings.rate, steps));
}

/**
 * What the update makes of a parameter.
 * @param {TrainingState} state
 * @param {number} id
 * @param {number} gradient
 */
export function updatedTo(state, id, gradient) {
  return stepped(state, id, gradient)[0];
}

/**
 * What Adam remembers of a parameter after the next step, and the same corrected for having begun at 0.
 * @param {TrainingState} state
 * @param {number} id
 * @param {number} gradient
 */
export function adamOf(state, id, gradient) {
  const { beta1 = 0, beta2 = 0, eps = 0 } = state.optimizers.adam;
  const t = state.steps + 1;
  const [, m, v] = stepped(state, id, gradient);
  return { beta1, beta2, eps, t, m, v, mHat: m / (1 - beta1 ** t), vHat: v / (1 - beta2 ** t) };
}

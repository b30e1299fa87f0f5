// What is computed a part at a time: a part in each picture of the page, for as long as it is seen.

/**
 * @template W, T
 * @param {{ want: (wanted: W) => void, waits: boolean, grow: () => T | null }} work
 * @param {Element} root what shows it
 * @param {(whole: T) => void} [show] what is shown when it is whole
 */
export function gradually(work, root, show) {
  let request = 0;
  const grow = () => {
    request = 0;
    const whole = work.grow();
    if (whole) show?.(whole);
    // Asked of attributes: where an element is would be computed with all of the page.
    if (work.waits && root.isConnected && !root.closest("[hidden]")) request = requestAnimationFrame(grow);
  };
  return {
    /** @param {W} wanted */
    want(wanted) {
      work.want(wanted);
      if (!request) grow();
    },
  };
}

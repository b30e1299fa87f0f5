// The lessons that exercises belong to, without a network: they lie beside the playground, where its service worker keeps nothing. So they are kept here,
// and the service worker hands them out below its own folder, as `site/`.
const PATIENCE = 2000; // milliseconds that the network has

/** Keeps the lessons in a language, with what they need. */
export async function keepLessons(language) {
  const { version, ...pages } = await (await fetch("lessons.json")).json();
  const name = `lessons-${version}`;
  const cache = await caches.open(name);
  for (const page of pages[language]) {
    const address = new URL(`../${page}`, location.href);
    if (!(await cache.match(address))) await cache.add(address);
  }
  for (const other of await caches.keys()) if (other.startsWith("lessons-") && other !== name) await caches.delete(other);
}

/** Has a link to a lesson lead to the kept one where the network does not answer. */
export function readable(link) {
  link.addEventListener("click", async (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || !navigator.serviceWorker?.controller) return;
    event.preventDefault();
    const answers = await fetch(link.href, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) }).then(
      () => true,
      () => false,
    );
    location.assign(answers ? link.href : link.href.replace(new URL("../", location.href).href, new URL("site/", location.href).href));
  });
}

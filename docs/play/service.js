// Keeps the playground, so that it works without a network after the first load, and lets a running program be interrupted: for that a page has to be
// isolated from others, which these two headers ask for.
const NAME = "playground-{{VERSION}}";
const FILES = {{FILES}}; // with their sizes
const POLICY = "{{WORKER_POLICY}}";

/** Fetches and keeps all files, and tells the pages that wait for them how far it is. */
async function keep() {
  const cache = await caches.open(NAME);
  const whole = FILES.reduce((sum, [, size]) => sum + size, 0);
  const waiting = await clients.matchAll({ includeUncontrolled: true });
  let there = 0;
  let told = 0;
  const counted = () =>
    new TransformStream({
      transform(chunk, out) {
        there += chunk.length;
        out.enqueue(chunk);
        if (there - told > whole / 100) {
          told = there;
          for (const page of waiting) page.postMessage({ kept: Math.min(1, there / whole) });
        }
      },
    });
  await Promise.all(
    FILES.map(async ([file]) => {
      const answer = await fetch(new Request(file, { cache: "no-cache" }));
      if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
      await cache.put(file, new Response(answer.body.pipeThrough(counted()), { headers: answer.headers }));
    }),
  );
}

addEventListener("install", (event) => event.waitUntil(keep().then(() => skipWaiting())));

addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("playground-") && name !== NAME).map((name) => caches.delete(name))))
      .then(() => clients.claim()),
  );
});

function isolated(answer, isScript) {
  if (!answer || answer.status === 0) return answer;
  const headers = new Headers(answer.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  if (isScript) headers.set("Content-Security-Policy", POLICY); // which a worker takes from its own file
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
}

/** What lies beside the playground: from the network, or where that does not answer, as the playground's page has kept it. */
async function beside(path) {
  if (path.startsWith("play/")) return Response.redirect(registration.scope + path.slice("play/".length));
  const address = new URL(`../${path}`, registration.scope);
  return fetch(address).catch(async () => (await caches.match(address, { ignoreSearch: true })) ?? Response.error());
}

addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || !url.href.startsWith(registration.scope)) return;
  const path = url.href.slice(registration.scope.length);
  if (path.startsWith("site/")) return void event.respondWith(beside(path.slice("site/".length).split("#")[0]).then((answer) => isolated(answer, false)));
  event.respondWith(
    caches
      .open(NAME)
      .then((cache) => cache.match(event.request, { ignoreSearch: true }))
      .then((kept) => kept ?? fetch(event.request))
      .then((answer) => isolated(answer, url.pathname.endsWith(".js"))),
  );
});

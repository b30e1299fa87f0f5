// A program can be stopped only in a page that is isolated from others, and only a service worker can make it so on any server: on the first visit the
// page waits until that has kept all files, and is loaded once more before Python begins.
const KEY = "loaded again";

function memory(use) {
  try {
    return use(sessionStorage);
  } catch {
    return undefined; // where nothing can be kept, the page goes on as it is
  }
}

/** What was written in the editor before the page was loaded once more, if anything was. */
export function typedBefore() {
  return memory((kept) => {
    const text = kept.getItem("typed") ?? undefined;
    kept.removeItem("typed");
    return text;
  });
}

/** Waits until the page is isolated, or cannot be. Loads it again for that, at most once; `typed` then says what is to be kept. Returns whether it was. */
export async function isolated(say, typed) {
  if (globalThis.crossOriginIsolated) return memory((kept) => [kept.getItem(KEY) !== null, kept.removeItem(KEY)][0]);
  if (!("serviceWorker" in navigator) || !globalThis.isSecureContext) return;
  if (memory((kept) => kept.getItem(KEY)) !== null) return void memory((kept) => kept.removeItem(KEY));
  navigator.serviceWorker.addEventListener("message", ({ data }) => data.kept && say(data.kept));
  try {
    await registered();
  } catch {
    return; // no network, or forbidden
  }
  const text = typed();
  memory((kept) => {
    kept.setItem(KEY, "yes");
    if (text !== undefined) kept.setItem("typed", text);
    location.reload();
  });
  await new Promise((go) => setTimeout(go, 10_000));
}

async function registered() {
  const found = await navigator.serviceWorker.register("service.js");
  if (found.active) return;
  const worker = found.installing ?? found.waiting;
  await new Promise((go, fail) => {
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated") go();
      else if (worker.state === "redundant") fail(new Error("not kept"));
    });
  });
}

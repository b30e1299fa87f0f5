// Python, in a worker of its own, so that the page stays alive whatever a program does.
import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { loadPyodide } from "./pyodide/pyodide.mjs";

// What a program could leave behind for the pages of this site, or start beside itself.
const FORBIDDEN = ["caches", "indexedDB", "Worker", "SharedWorker", "BroadcastChannel", "navigator", "webkitRequestFileSystem", "webkitRequestFileSystemSync"];

let playground;

async function bytes(address) {
  const answer = await fetch(new URL(address, import.meta.url));
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.arrayBuffer();
}

async function start({ interrupts, kept }) {
  const packages = bytes("packages.zip");
  const files = ["playground.py", "exercises.py", "exercises.json"].map((name) => [`/home/pyodide/${name}`, bytes(name)]);
  const graphviz = Graphviz.load();
  postMessage({ say: kept ? "loading.kept" : "loading.python" });
  const python = await loadPyodide({ indexURL: new URL("pyodide/", import.meta.url).href });
  postMessage({ say: "loading.package" });
  const extractDir = python.runPython("import site; site.getsitepackages()[0]");
  python.unpackArchive(await packages, "zip", { extractDir });
  for (const [name, file] of files) python.FS.writeFile(name, new Uint8Array(await file));
  globalThis.graphviz = await graphviz;
  postMessage({ say: "loading.start" });
  if (interrupts) python.setInterruptBuffer(interrupts);
  python.runPython("import sys; sys.path.insert(0, '/home/pyodide')");
  playground = python.pyimport("playground");
  playground.hide();
  for (const [name] of files) python.FS.unlink(name);
  for (const name of FORBIDDEN) for (let each = globalThis; each; each = Object.getPrototypeOf(each)) delete each[name];
  postMessage({ ready: true });
}

function tell(id, work) {
  try {
    postMessage({ id, ...work() });
  } catch (error) {
    // Stopped while a view was made, or Python itself has broken.
    const kind = String(error.type ?? error.message);
    const stopped = kind.includes("KeyboardInterrupt");
    postMessage({ id, stopped, broken: stopped ? undefined : kind.includes("Spoilt") ? "spoilt" : "broken" });
  }
}

onmessage = ({ data }) => {
  if (data.start) {
    start(data.start).catch((error) => postMessage({ failed: String(error.message ?? error) }));
  } else if (data.run !== undefined) {
    const say = (text) => postMessage({ id: data.id, printed: text });
    tell(data.id, () => ({ ran: JSON.parse(playground.run(data.run, say, data.exercise ?? "")) }));
  } else if (data.view !== undefined) {
    tell(data.id, () => ({ view: data.view, shown: JSON.parse(playground.view(data.view, data.language, data.dark)) }));
  } else if (data.sheet !== undefined) {
    const { name, seed, answers } = data.sheet;
    tell(data.id, () => ({ sheet: JSON.parse(playground.sheet(name, seed, answers ? JSON.stringify(answers) : "", data.language)) }));
  }
};

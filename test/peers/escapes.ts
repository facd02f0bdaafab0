/** What a task tries that wants to get out of the box it runs in: each a source that returns whether it got anywhere. */

/** `url` is a server that answers everybody, with any headers, on this machine. */
export const escapes: Readonly<Record<string, (url: string) => Promise<boolean> | boolean>> = {
  fetch: (url) => fetch(`${url}reached/fetch`).then(() => true),
  "fetch without cors": (url) => fetch(`${url}reached/no-cors`, { mode: "no-cors" }).then(() => true),
  "fetch of a blob": () => fetch(URL.createObjectURL(new Blob(["x"]))).then(() => true),
  "fetch that outlives its page": (url) =>
    fetch(`${url}reached/keepalive`, { method: "POST", keepalive: true }).then(() => true),
  XMLHttpRequest: (url) =>
    new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.onload = () => resolve(true);
      request.onerror = () => resolve(false);
      request.open("GET", `${url}reached/xhr`);
      request.send();
    }),
  "XMLHttpRequest that blocks": (url) => {
    const request = new XMLHttpRequest();
    request.open("GET", `${url}reached/sync`, false);
    request.send();
    return request.status === 200 || request.status === 404;
  },
  WebSocket: (url) =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${url.replace("http", "ws")}reached/socket`);
      socket.onopen = () => resolve(true);
      socket.onerror = () => resolve(false);
    }),
  EventSource: (url) =>
    new Promise((resolve) => {
      const source = new EventSource(`${url}reached/events`);
      source.onopen = () => resolve(true);
      source.onerror = () => {
        source.close();
        resolve(false);
      };
    }),
  WebTransport: async (url) => {
    const transport = new WebTransport(url.replace("http:", "https:"));
    await transport.ready;
    return true;
  },
  "import of a module": async (url) => {
    const from = `${url}reached/module.js`;
    await import(from);
    return true;
  },
  importScripts: (url) => {
    const scope = globalThis as unknown as { importScripts(url: string): void };
    scope.importScripts(`${url}reached/script.js`);
    return true;
  },
  "a thread from elsewhere": (url) =>
    new Promise((resolve) => {
      const worker = new Worker(`${url}reached/worker.js`);
      worker.onerror = () => resolve(false);
      worker.onmessage = () => resolve(true);
    }),
  "a thread of its own that fetches": (url) =>
    new Promise((resolve) => {
      const text = `fetch("${url}reached/nested").then(() => postMessage(true), () => postMessage(false))`;
      const worker = new Worker(URL.createObjectURL(new Blob([text])));
      worker.onmessage = ({ data }) => resolve(data === true);
      worker.onerror = () => resolve(false);
    }),
  indexedDB: () =>
    new Promise((resolve) => {
      const request = indexedDB.open("escape");
      request.onsuccess = () => resolve(true);
      request.onerror = () => resolve(false);
    }),
  caches: async () => {
    await caches.open("escape");
    return true;
  },
  "the file system of the origin": async () => {
    await navigator.storage.getDirectory();
    return true;
  },
  locks: async () => {
    await navigator.locks.request("escape", () => {});
    return true;
  },
  cookies: async () => {
    const { cookieStore } = globalThis as unknown as { cookieStore: { getAll(): Promise<unknown[]> } };
    return (await cookieStore.getAll()).length > 0;
  },
  localStorage: () => localStorage.getItem("secret") !== null,
  document: () => document.cookie !== undefined,
  parent: () => (globalThis as unknown as Window).parent.location.href !== undefined,
  top: () => (globalThis as unknown as Window).top?.document !== undefined,
  opener: () => (globalThis as unknown as Window).opener.location !== undefined,
  RTCPeerConnection: () => new RTCPeerConnection() !== undefined,
  SharedWorker: (url) => new SharedWorker(`${url}reached/shared.js`) !== undefined,
  "the origin of the page": () => globalThis.origin !== "null",
};

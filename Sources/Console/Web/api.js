// Asks the admin API. Every failure is a Problem with a sentence for people. Where a session has ended, the shell has its owner sign in again, and
// what was asked is asked once more: nobody types anything twice.

export class Problem extends Error {
  constructor(status, code, message, fields = [], id = "") {
    super(message);
    Object.assign(this, { status, code, fields, id });
  }
}

let csrf = null;
let renew = null;
/** `again(method)`: has the same person sign in again. False: nobody is signed in who could. */
export const whenEnded = (again) => { renew = again; };

/** Whether the session is over, or another one's since somebody signed in anew beside this page. */
const isOver = async (answer) => answer.status === 401
  || (answer.status === 403 && (await answer.clone().json().catch(() => null))?.error?.code === "csrf_token_invalid");

async function reach(method, path, body, more) {
  const answer = await ask(method, path, body, more);
  if (!renew || path.startsWith("/console/session") || !await isOver(answer)) return answer;
  return await renew(method) ? ask(method, path, body, more) : answer;
}

let waiting = 0;
/** Says on the page that something is asked for; the style shows it where it takes long. */
function wait(step) {
  waiting += step;
  document.body.toggleAttribute("data-waiting", waiting > 0);
}

async function ask(method, path, body, more = {}) {
  const headers = { accept: "application/json", ...more.headers };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (csrf && method !== "GET") headers["x-swiftlet-csrf"] = csrf;
  wait(1);
  try {
    return await fetch(path, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal: more.signal, credentials: "same-origin",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "unreachable", "The gateway does not answer. Is it running? This page tries again by itself.");
  } finally {
    wait(-1);
  }
}

async function send(method, path, body, more) {
  const answer = await reach(method, path, body, more);
  const text = await answer.text();
  let data = null;
  try { data = text ? JSON.parse(text) : null; } catch { data = text; }
  if (answer.ok) return { data, etag: answer.headers.get("etag") };
  const error = data?.error ?? {};
  const problem = new Problem(
    answer.status, error.code ?? "", sentence(error.message ?? `The gateway answered ${answer.status}.`), error.problems ?? [],
      error.request_id ?? "");
  throw problem;
}

function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!]$/.test(whole) ? whole : whole + ".";
}

/** What comes as it comes, as text: an answer that is a stream. */
export async function* pour(path, body, signal) {
  const answer = await reach("POST", "/api/v1/" + path, body, { signal, headers: { accept: "text/event-stream" } });
  if (!answer.ok) {
    const error = (await answer.json().catch(() => ({}))).error ?? {};
    throw new Problem(answer.status, error.code ?? "", sentence(error.message ?? `The gateway answered ${answer.status}.`), error.problems ?? []);
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** The events of such a stream: `event` and `data`. What an `answer` says is no stream comes whole, as the event `body`. */
export async function* events(pieces) {
  let left = "";
  let isPlain = false;
  for await (const piece of pieces) {
    left += piece;
    while (!isPlain) {
      const end = /\r?\n\r?\n/.exec(left);
      if (!end) break;
      const lines = left.slice(0, end.index).split(/\r?\n/);
      left = left.slice(end.index + end[0].length);
      const of = (name) => lines.filter((line) => line.startsWith(name + ":")).map((line) => line.slice(name.length + 1).trimStart()).join("\n");
      const data = of("data");
      if (!data) continue;
      const event = of("event") || "message";
      isPlain = event === "answer" && !JSON.parse(data).stream;
      yield { event, data };
    }
  }
  if (isPlain) yield { event: "body", data: left };
}

/** `items` of a name: paths may have slashes and marks in names. */
export const named = (name) => name.split("/").map(encodeURIComponent).join("/");

export function query(values) {
  const used = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return used.length ? "?" + new URLSearchParams(used) : "";
}

export const get = async (path, more) => (await send("GET", "/api/v1/" + path, undefined, more)).data;
export const read = (path, more) => send("GET", "/api/v1/" + path, undefined, more);
export const post = async (path, body = {}) => (await send("POST", "/api/v1/" + path, body)).data;
export const patch = async (path, body, etag) =>
  (await send("PATCH", "/api/v1/" + path, body, { headers: etag ? { "if-match": etag } : {} })).data;
/** The whole of a setting: `path` is a list of names, which may have slashes and dots in them. */
export const setting = (path) => "settings/" + path.map(encodeURIComponent).join("/");
export const put = async (path, body, etag) => send("PUT", "/api/v1/" + path, body, { headers: etag ? { "if-match": etag } : {} });
export const remove = async (path, etag) => send("DELETE", "/api/v1/" + path, undefined, { headers: etag ? { "if-match": etag } : {} });

function keep({ data }) {
  csrf = data.csrf;
  return data;
}

export const session = {
  now: async () => keep(await send("GET", "/console/session")),
  begin: async (token) => keep(await send("POST", "/console/session", { token })),
  async end(everywhere) {
    await send("DELETE", everywhere ? "/console/sessions" : "/console/session");
    csrf = null;
  },
};

/**
 * Figures each second. One connection for the whole page, open while somebody listens; it heals itself.
 * Events: `figures` (detail: the report), `state` (detail: "live" or "lost").
 */
class Live extends EventTarget {
  #source = null;
  #listeners = 0;
  #retry = 0;
  #timer = 0;
  state = "quiet";
  last = null;

  listen(handler) {
    const take = (event) => handler(event.detail);
    this.addEventListener("figures", take);
    this.#listeners += 1;
    if (this.last) handler(this.last);
    this.#open();
    return () => {
      this.removeEventListener("figures", take);
      this.#listeners -= 1;
      if (this.#listeners === 0) this.#close();
    };
  }

  #tell(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  #open() {
    if (this.#source || this.#listeners === 0) return;
    const source = new EventSource("/console/live");
    this.#source = source;
    source.onmessage = (event) => {
      this.#retry = 0;
      this.last = JSON.parse(event.data);
      this.#tell("live");
      this.dispatchEvent(new CustomEvent("figures", { detail: this.last }));
    };
    source.addEventListener("end", () => {
      this.#close();
      renew?.("GET").catch(() => {}); // it is asked for by the next that needs it
    });
    source.onerror = () => {
      source.close();
      if (this.#source !== source) return;
      this.#source = null;
      this.#tell("lost");
      this.#retry = Math.min(this.#retry + 1, 5);
      // A gateway that has begun anew knows no sessions, which a stream cannot tell.
      session.now().then((who) => (who.name === null ? renew?.("GET") : null)).catch(() => {}); // tried again by the timer
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#open(), 500 * 2 ** this.#retry);
    };
  }

  #close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.last = null;
    this.#tell("quiet");
  }

  stop() { this.#close(); }

  /** Goes on where somebody listens, after the session was renewed. */
  resume() { this.#open(); }
}

export const live = new Live();

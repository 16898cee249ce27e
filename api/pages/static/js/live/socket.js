// The WebSocket of a live call (docs/live-calls.md): frames out, events in, and going on after a break.

const HEADER_BYTES = 12;
const MARK = 0x51; // "Q"
const LEG_NUMBERS = { caller: 0, operator: 1, mixed: 2 };
const FATAL = new Set([4400, 4403, 4404, 4409]); // to try again would not help
const LONGEST_WAIT_MS = 10_000;

export class CallSocket extends EventTarget {
  #csrf;
  #socket = null;
  #first = null; // the message that began it; null once the call has an id
  #isSource = false;
  #lastSeq = 0;
  #tries = 0;
  #closed = false;
  #ending = false;
  #legs = new Map(); // leg -> { seq, at, kept: [{ seq, bytes }] }
  callId = null;

  constructor(csrf) {
    super();
    this.#csrf = csrf;
  }

  /** Begin a call as its source. `start`: { sample_rate, encoding, legs, language? }. */
  begin(start) {
    this.#first = { type: "call.start", ...start };
    this.#isSource = true;
    for (const leg of start.legs) this.#legs.set(leg, { seq: 0, at: 0, kept: [] });
    this.#open();
  }

  /** Follow a call that somebody else sends. */
  watch(callId) {
    this.callId = callId;
    this.#open();
  }

  /** Send samples (Int16Array) of a leg; they are kept until the server has them on disk. */
  send(leg, samples) {
    const state = this.#legs.get(leg);
    if (!state || this.#ending) return;
    const bytes = new Uint8Array(HEADER_BYTES + samples.byteLength);
    const head = new DataView(bytes.buffer);
    head.setUint8(0, MARK);
    head.setUint8(1, LEG_NUMBERS[leg]);
    head.setUint32(4, state.seq, true);
    head.setUint32(8, state.at, true);
    bytes.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), HEADER_BYTES);
    state.kept.push({ seq: state.seq, bytes });
    state.seq += 1;
    state.at += samples.length;
    // Before the first acknowledgement of this socket it is not known from which frame the server goes on.
    if (state.socket && state.socket === this.#socket && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(bytes);
  }

  edit(field, value, undo = false) {
    return this.#say(undo ? { type: "call.edit", field, undo: true } : { type: "call.edit", field, value });
  }

  end() {
    this.#ending = true;
    this.#say({ type: "call.end" });
  }

  /** Leave the call; it goes on without us. */
  close() {
    this.#closed = true;
    this.#socket?.close(1000);
  }

  #say(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  async #open() {
    let given;
    try {
      const answer = await fetch("/v1/calls/live/tickets", { method: "POST", headers: { "X-CSRF-Token": this.#csrf } });
      given = await answer.json();
      if (!answer.ok) {
        if (answer.status === 503 || answer.status === 429 || answer.status >= 500) return this.#again(given);
        return this.#tell("refused", given);
      }
    } catch {
      return this.#again({});
    }
    if (this.#closed) return;
    const address = new URL(given.url, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address, [given.protocol, `ticket.${given.ticket}`]);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.addEventListener("open", () => this.#say(this.#opening()));
    socket.addEventListener("message", (event) => this.#receive(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => this.#lost(event));
  }

  #opening() {
    if (!this.callId) return this.#first;
    return { type: this.#isSource ? "call.resume" : "call.watch", call_id: this.callId, last_seq: this.#lastSeq };
  }

  #receive(message) {
    if (message.type === "ack") return this.#acknowledged(message);
    if (message.seq) {
      this.#lastSeq = message.seq;
      this.#tries = 0;
    }
    if (message.type === "call.started") this.callId = message.call_id;
    this.#tell("message", message);
  }

  /** Forget what is on disk; the first acknowledgement after a break says where to send again from. */
  #acknowledged({ leg, next }) {
    const state = this.#legs.get(leg);
    if (!state) return;
    state.kept = state.kept.filter((frame) => frame.seq >= next);
    if (state.socket === this.#socket) return;
    state.socket = this.#socket;
    for (const frame of state.kept) this.#socket.send(frame.bytes);
    if (this.#ending && [...this.#legs.values()].every((one) => one.socket === this.#socket)) this.#say({ type: "call.end" });
  }

  #lost(event) {
    if (this.#closed) return;
    if (event.code === 1000) return this.#tell("over", {});
    if (FATAL.has(event.code)) return this.#tell("refused", { code: event.reason });
    this.#again({});
  }

  #again(problem) {
    if (this.#closed) return;
    this.#tell("waiting", problem);
    const wait = Math.min(LONGEST_WAIT_MS, 500 * 2 ** this.#tries);
    this.#tries += 1;
    setTimeout(() => this.#closed || this.#open(), wait);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

// The dispatcher's pane: a call as it is spoken, what it holds, and what a person makes of it.

import { Card } from "./live/card.js";
import { Services } from "./live/services.js";
import { CallSocket } from "./live/socket.js";
import { FileSource, Microphone, RATE, decode } from "./live/sources.js";
import { Tags } from "./live/tags.js";
import { Transcript, clock } from "./live/transcript.js";

const QUEUE_EVERY_MS = 4000;
const LAG_WORTH_SAYING_S = 3;

const pane = document.getElementById("live");
const texts = JSON.parse(pane.dataset.texts);
const csrf = document.querySelector("meta[name=csrf-token]").content;
const at = (id) => document.getElementById(id);

let socket = null;
let source = null;
let listening = null; // AudioContext, made at the first sound a person asks for
let began = 0;

const show = (evidence) => {
  transcript.show(evidence);
  if (source instanceof FileSource) {
    listening ??= new AudioContext();
    source.play(listening, evidence.start_s - 0.5, evidence.end_s - evidence.start_s + 1);
  }
};
const transcript = new Transcript(at("lines"), at("tails"), { caller: texts["leg.caller"], operator: texts["leg.operator"], mixed: texts["leg.mixed"] });
const tags = new Tags(at("tags"), texts, show);
const card = new Card(at("card"), texts, edit, show);
const services = new Services(at("services"), texts, decide);

// --- a call begins, is followed, ends ----------------------------------------------------------------------------

function begin(follow) {
  leave();
  transcript.begin([]);
  tags.begin();
  card.begin();
  services.begin();
  missing([]);
  warn("");
  at("ended").hidden = true;
  pane.dataset.state = "connecting";
  say(texts["live.connecting"]);
  socket = new CallSocket(csrf);
  socket.addEventListener("message", ({ detail }) => handle(detail));
  socket.addEventListener("waiting", ({ detail }) => {
    pane.dataset.state = "waiting";
    say(texts[detail.code ? "live.unavailable" : "live.waiting"]);
    if (detail.detail) warn(detail.detail);
  });
  socket.addEventListener("refused", ({ detail }) => {
    over();
    say(texts["live.refused"]);
    warn(detail.detail ?? detail.code ?? "");
  });
  socket.addEventListener("over", over);
  follow(socket);
}

function leave() {
  source?.stop();
  source = null;
  socket?.close();
  socket = null;
}

function over() {
  source?.stop();
  transcript.quiet();
  at("stop").hidden = true;
  pane.dataset.state = "ended";
}

const handlers = {
  "call.started"(event) {
    pane.dataset.state = "going";
    began = performance.now();
    transcript.begin(event.legs);
    if (!event.reliable_languages.includes("kk")) warn(texts["live.kazakh"]);
    say(texts["live.going"]);
    at("stop").hidden = !source;
    history.replaceState(null, "", `/live?call=${encodeURIComponent(event.call_id)}`);
    queue();
  },
  "transcript.committed": (event) => transcript.commit(event),
  "transcript.tail": (event) => transcript.tail(event),
  "tag.raised": (event) => tags.raise(event.tag),
  "tag.withdrawn": (event) => tags.withdraw(event.id),
  "card.field": (event) => card.set(event),
  "prompt.missing": (event) => missing(event.questions),
  "dispatch.suggested": (event) => services.suggest(event),
  lag(event) {
    const late = event.lag_s >= LAG_WORTH_SAYING_S ? texts["live.lag"].replace("%", event.lag_s.toFixed(0)) : "";
    at("lag").textContent = [late, event.shed.length ? texts["live.shed"] : ""].filter(Boolean).join(" ");
  },
  error(event) {
    if (event.code !== "audio-gap") warn(event.detail);
  },
  "call.ended"(event) {
    over();
    say(texts[`live.ended.${event.reason}`] ?? texts["live.ended.ended"]);
    at("length").textContent = clock(event.duration_s);
    at("lag").textContent = "";
    at("ended").hidden = false;
    at("ended").href = `/calls/${encodeURIComponent(socket.callId)}`;
    queue();
  },
};

function handle(event) {
  if (pane.dataset.state === "waiting") {
    pane.dataset.state = "going";
    say(texts["live.going"]);
  }
  if (event.at_s !== undefined) at("length").textContent = clock(event.at_s);
  handlers[event.type]?.(event);
}

function say(text) {
  at("status").textContent = text;
}

function warn(text) {
  at("notice").textContent = text;
  at("notice").hidden = !text;
}

function missing(questions) {
  at("missing").replaceChildren(
    ...questions.map((question) => {
      const item = document.createElement("li");
      item.className = question.urgent ? "urgent" : "";
      item.textContent = texts[`question.${question.id}`] ?? texts[`card.${question.field}`] ?? question.id;
      return item;
    }),
  );
  at("asked-all").hidden = questions.length > 0 || pane.dataset.state !== "going";
}

// --- what a person does --------------------------------------------------------------------------------------------

async function edit(name, value, undo) {
  if (pane.dataset.state !== "ended" && socket?.edit(name, value, undo)) return;
  if (!socket?.callId) return;
  const change = undo ? { set: {}, undo: [name] } : { set: { [name]: value }, undo: [] };
  const answer = await send("PATCH", `/v1/calls/${encodeURIComponent(socket.callId)}/card`, change);
  if (!answer) return;
  const field = answer.fields.find((one) => one.name === name);
  card.set(field ? { ...field, field: name } : { field: name, value: null, confidence: 0, set_by: "model", note: "", evidence: [] });
}

async function decide(chosen) {
  if (!socket?.callId) return false;
  return Boolean(await send("POST", `/v1/calls/${encodeURIComponent(socket.callId)}/review`, { services: chosen }));
}

async function send(method, path, body) {
  try {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
    const answer = await fetch(path, { method, headers, body: JSON.stringify(body) });
    const said = await answer.json();
    if (answer.ok) return said;
    warn(said.detail);
  } catch {
    warn(texts["live.network"]);
  }
  return null;
}

at("file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  let sound;
  try {
    sound = await decode(file);
  } catch {
    say(texts["live.not_sound"]);
    return;
  }
  begin((made) => {
    source = new FileSource(sound);
    made.begin({ sample_rate: RATE, encoding: "pcm16", legs: source.legs });
    source.start(made, () => made.end());
  });
});

at("microphone").addEventListener("click", () => {
  begin(async (made) => {
    source = new Microphone();
    try {
      await source.start(made);
      made.begin({ sample_rate: RATE, encoding: "pcm16", legs: source.legs });
    } catch {
      leave();
      pane.dataset.state = "idle";
      say(texts["live.no_microphone"]);
    }
  });
});

at("stop").addEventListener("click", () => {
  source?.stop();
  socket?.end();
  at("stop").hidden = true;
  say(texts["live.finishing"]);
});

// --- the queue -----------------------------------------------------------------------------------------------------

async function queue() {
  let items = [];
  try {
    const answer = await fetch("/v1/calls/live");
    if (!answer.ok) return;
    items = (await answer.json()).items;
  } catch {
    return; // the next round tells
  }
  at("no-calls").hidden = items.length > 0;
  at("queue").replaceChildren(
    ...items.map((call) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.call = call.call_id;
      const started = new Date(call.started_at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
      const name = document.createElement("strong");
      name.textContent = started;
      const state = document.createElement("span");
      state.textContent = `${clock(call.seconds)}${call.source === "lost" ? ` · ${texts["live.source_lost"]}` : ""}`;
      button.append(name, state);
      if (call.call_id === socket?.callId) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => watch(call.call_id));
      const item = document.createElement("li");
      item.append(button);
      return item;
    }),
  );
}

function watch(callId) {
  if (callId === socket?.callId) return;
  begin((made) => made.watch(callId));
}

setInterval(() => document.hidden || queue(), QUEUE_EVERY_MS);
queue();
pane.dataset.state = "idle";
const wanted = new URLSearchParams(location.search).get("call");
if (wanted) watch(wanted);

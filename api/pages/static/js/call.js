// One call: listening from a word, the card with a person's changes, the decision.

import { follow } from "./uploading.js";

const call = document.querySelector("[data-call]");
const sound = document.getElementById("sound");
const turns = [...document.querySelectorAll(".turn")];
const csrf = document.querySelector("meta[name=csrf-token]")?.content ?? "";

// --- listening ----------------------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-at]");
  if (!button) return;
  const at = Number(button.dataset.at);
  const turn = turns.findLast((one) => Number(one.dataset.start) <= at + 0.05);
  if (turn && !turn.contains(button)) {
    turn.scrollIntoView({ block: "nearest" });
    for (const one of turns) one.classList.toggle("found", one === turn);
  }
  if (sound) {
    sound.currentTime = Math.max(at - 0.3, 0);
    sound.play().catch(() => {}); // the player itself shows that it cannot
  }
});

sound?.addEventListener("timeupdate", () => {
  for (const turn of turns) {
    const now = sound.currentTime >= Number(turn.dataset.start) && sound.currentTime < Number(turn.dataset.end);
    turn.classList.toggle("now", now && !sound.paused);
  }
});

// --- the card -----------------------------------------------------------------------------------------------------

const card = document.getElementById("card");
const said = document.getElementById("card-said");

card?.addEventListener("submit", (event) => event.preventDefault());
card?.addEventListener("change", (event) => {
  const row = event.target.closest("[data-field]");
  if (row) change({ set: { [row.dataset.field]: value(row) } });
});
card?.addEventListener("click", (event) => {
  const undo = event.target.closest("[data-undo]");
  if (undo) change({ undo: [undo.dataset.undo] });
});

function value(row) {
  if (row.dataset.kind === "several") {
    const chosen = [...row.querySelectorAll("input:checked")].map((box) => box.value);
    return chosen.length ? chosen : null;
  }
  const held = row.querySelector("input, select").value.trim();
  if (!held) return null;
  if (row.dataset.kind === "flag") return held === "true";
  return row.dataset.kind === "number" || row.dataset.field === "urgency" ? Number(held) : held;
}

async function change(body) {
  try {
    await send("PATCH", `/v1/calls/${call.dataset.call}/card`, body);
    await redraw();
  } catch (error) {
    said.textContent = `${call.dataset.failed}. ${error.message}`;
  }
}

// The server draws the fields: one place knows how a value is shown. What is being typed elsewhere stays.
async function redraw() {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const row of card.querySelectorAll("[data-field]")) {
    const next = drawn.querySelector(`[data-field="${row.dataset.field}"]`);
    const typing = row.contains(document.activeElement) && document.activeElement.matches("input, select");
    if (next && !typing) row.replaceWith(next);
    else if (next) {
      row.className = next.className;
      row.querySelector(".basis").replaceWith(next.querySelector(".basis"));
    }
  }
  said.textContent = "";
}

// --- the decision -------------------------------------------------------------------------------------------------

const review = document.getElementById("review");

review?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const told = document.getElementById("review-said");
  const services = [...review.querySelectorAll("input:checked")].map((box) => box.value);
  try {
    await send("POST", `/v1/calls/${call.dataset.call}/review`, { services, note: review.elements.note.value });
    told.textContent = call.dataset.saved;
  } catch (error) {
    told.textContent = error.message;
  }
});

async function send(method, url, body) {
  let answer;
  try {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
    answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
  } catch {
    throw new Error(call.dataset.network);
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error([problem.detail, problem.advice].filter(Boolean).join(". "));
  }
}

// --- a call that is still worked on -------------------------------------------------------------------------------

const going = document.getElementById("going");
if (going) follow(going.dataset.job, () => {}).then(() => location.reload());

// One case: facts entered step by step; after each the server ranks the causes anew and draws both sides.

const root = document.querySelector("[data-case]");
const csrf = document.querySelector("meta[name=csrf-token]")?.content ?? "";
const url = `/v1/cases/${encodeURIComponent(root.dataset.case)}`;

root.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.id === "close") close(event.target);
});

root.addEventListener("change", (event) => {
  const row = event.target.closest("[data-fact]");
  if (row) edit({ set: { [row.dataset.fact]: value(row) } });
});

root.addEventListener("click", (event) => {
  const undo = event.target.closest("[data-undo]");
  if (undo) edit({ undo: [undo.dataset.undo] });
});

function value(row) {
  const held = row.querySelector("input, select, textarea").value.trim();
  if (!held) return null;
  if (row.dataset.control === "number") return Number(held);
  if (row.dataset.control === "choice" && (held === "true" || held === "false")) return held === "true";
  return held;
}

async function edit(body) {
  try {
    await send("PATCH", url, body);
    await redraw();
  } catch (error) {
    const said = document.getElementById("facts-said");
    if (said) said.textContent = `${root.dataset.failed}. ${error.message}`;
  }
}

async function close(form) {
  try {
    await send("POST", `${url}/close`, { cause: form.elements.cause.value });
    location.reload();
  } catch (error) {
    document.getElementById("close-said").textContent = error.message;
  }
}

async function send(method, where, body) {
  let answer;
  try {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
    answer = await fetch(where, { method, headers, body: JSON.stringify(body) });
  } catch {
    throw new Error(root.dataset.network);
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error([problem.detail, problem.advice].filter(Boolean).join(". "));
  }
}

// The server draws both sides. Groups and hypotheses that are open stay open, the field in hand keeps the focus.
async function redraw() {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = document.activeElement?.id;
  for (const group of root.querySelectorAll("details[open][data-group]")) {
    drawn.querySelector(`details[data-group="${CSS.escape(group.dataset.group)}"]`)?.setAttribute("open", "");
  }
  for (const one of root.querySelectorAll(".hypothesis:has(details[open])")) {
    drawn.querySelector(`.hypothesis[data-cause="${CSS.escape(one.dataset.cause)}"] details`)?.setAttribute("open", "");
  }
  for (const side of [".facts-side", "#advice"]) root.querySelector(side).replaceWith(drawn.querySelector(side));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

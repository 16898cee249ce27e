// The list of cases: opening a new one.

const form = document.getElementById("new-case");
const said = document.getElementById("new-said");
const csrf = document.querySelector("meta[name=csrf-token]")?.content ?? "";

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(form));
  const body = { title: given.title.trim(), facts: given.object ? { object: given.object } : {} };
  if (given.occurred_on) body.occurred_on = given.occurred_on;
  // The same press sent twice is one case.
  form.dataset.key ||= Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf, "Idempotency-Key": form.dataset.key };
  let answer;
  try {
    answer = await fetch("/v1/cases", { method: "POST", headers, body: JSON.stringify(body) });
  } catch {
    said.textContent = form.dataset.network;
    return;
  }
  const kept = await answer.json().catch(() => ({}));
  if (answer.ok) location.assign(`/cases/${encodeURIComponent(kept.id)}`);
  else {
    delete form.dataset.key;
    said.textContent = [kept.detail, kept.advice].filter(Boolean).join(". ");
  }
});

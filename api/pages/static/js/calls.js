// Sends a recording, follows its job, and opens the call when it is done.

import { follow, problem, sendForm, shows } from "./uploading.js";

const form = document.getElementById("upload");
const box = document.getElementById("progress");
const bar = box?.querySelector("progress");
const said = box?.querySelector("p");
const SENDING_SHARE = 0.2; // of the bar; the rest is the job's

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  box.hidden = false;
  said.textContent = form.dataset.sending;
  try {
    const taken = await sendForm(form, (share) => (bar.value = SENDING_SHARE * share));
    const job = await follow(taken.job_url, shows(form, bar, said, SENDING_SHARE));
    if (job.state !== "done") throw new Error(problem(form, job.error));
    said.textContent = form.dataset.done;
    location.assign(`/calls/${encodeURIComponent(taken.call_id)}`);
  } catch (error) {
    said.textContent = `${form.dataset.failed}. ${error.message}`;
    button.disabled = false;
  }
});

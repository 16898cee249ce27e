// Brings the quoted place into view and copies its address.

(document.querySelector("mark") ?? document.getElementById("here"))?.scrollIntoView({ block: "center" });

const copy = document.getElementById("copy");
const said = document.getElementById("copied");

copy?.addEventListener("click", async () => {
  const address = new URL(copy.dataset.path, location.origin).href;
  try {
    await navigator.clipboard.writeText(address);
  } catch {
    // Without HTTPS browsers keep the clipboard from scripts; the older way still works there.
    const field = document.createElement("textarea");
    field.value = address;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  said.textContent = copy.dataset.done;
});

// What every page has: the switch between light and dark, and the key that leads to the question.

const root = document.documentElement;

function isDark() {
  const chosen = root.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

document.getElementById("theme")?.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  // The server draws the next page with it, so that nothing flashes.
  document.cookie = `qorgan_theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=strict`;
});

document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = document.getElementById("question") ?? document.getElementById("filter");
  if (target) {
    event.preventDefault();
    target.focus();
  }
});

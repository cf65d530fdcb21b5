// Shows at once that a text is too long. The text is not cut: nothing that was pasted is lost; the server checks it.

export function showLimits(form) {
  form.addEventListener("input", ({ target }) => {
    const limit = Number(target.dataset?.limit);
    if (!limit) return;
    const excess = [...target.value].length - limit;
    let words = target.parentElement.querySelector(":scope > .excess");
    if (excess > 0 && !words) {
      words = document.createElement("p");
      words.className = "errors excess";
      words.setAttribute("role", "status");
      target.after(words);
    }
    if (words) words.textContent = excess > 0 ? `Too long by ${excess} (at most ${limit} characters)` : "";
  });
}

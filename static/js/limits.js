// Tells at once where a text is too long. It is not cut: what was pasted stays whole, and the server has the last word.

export function tellLimits(form) {
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
    if (words) words.textContent = excess > 0 ? `Too long by ${excess} of ${limit} characters at most` : "";
  });
}

// Announces to screen readers what was done, if it is visible otherwise.

const region = document.createElement("div");
region.className = "unseen";
region.setAttribute("role", "status");
document.body.append(region);

export function say(text) {
  region.textContent = text;
}

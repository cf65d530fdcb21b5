// Tells a screen reader what was done, where the eye sees it by itself.

const region = document.createElement("div");
region.className = "unseen";
region.setAttribute("role", "status");
document.body.append(region);

export function say(text) {
  region.textContent = text;
}

// The rows of a list that are ticked: a box that ticks all of the page, ranges with Shift, and the number of ticked rows.
// Without this script, the form below the list is always there.

const form = document.querySelector("form[data-bulk]");
const boxes = [...document.querySelectorAll('input[name=pick][form=bulk]')];
const head = document.querySelector("th.tick");

if (form && head && boxes.length > 0) {
  const whole = Object.assign(document.createElement("input"), { type: "checkbox" });
  whole.setAttribute("aria-label", "Tick all rows of this page");
  head.replaceChildren(whole);

  const all = form.querySelector("input[name=all]");
  const words = form.querySelector("[data-ticked]");
  const ofTwo = form.querySelector("[data-two]");
  const ticked = () => boxes.filter((box) => box.checked).length;

  const show = () => {
    const number = ticked();
    const hasAll = all?.checked ?? false;
    whole.checked = number === boxes.length;
    whole.indeterminate = number > 0 && number < boxes.length;
    form.hidden = number === 0 && !hasAll;
    ofTwo.hidden = number !== 2 || hasAll;
    words.textContent = hasAll ? "All rows that match:" : `${number} ticked:`;
    for (const box of boxes) box.closest("tr").classList.toggle("ticked", box.checked || hasAll);
  };

  whole.addEventListener("change", () => {
    for (const box of boxes) box.checked = whole.checked;
    if (all && !whole.checked) all.checked = false;
    show();
  });

  let last = null;
  for (const box of boxes) {
    box.addEventListener("click", (event) => {
      if (event.shiftKey && last) {
        const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
        for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
      }
      last = box;
      if (all && !box.checked) all.checked = false;
      show();
    });
  }
  all?.addEventListener("change", show);
  // The browser may have kept the ticks of a page that was left and opened again.
  addEventListener("pageshow", show);
  form.classList.add("floats");
  show();
}

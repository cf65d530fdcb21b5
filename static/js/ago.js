// Times as people say them: “2 hours ago”. The text of the page, and what is printed, is the time in full; so is the
// tooltip, with its zone. An element without text stands beside the time in full, and only adds how long ago that was.

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
// Of older times, the date says more.
const LONGEST = 30 * 86_400;
const words = new Intl.RelativeTimeFormat("en", { numeric: "always" });

export function showAgo() {
  const zone = document.querySelector("[data-zone]")?.textContent ?? "";
  const times = [...document.querySelectorAll("time[data-ago]")].map((element) => ({ element, full: element.textContent }));

  function refresh() {
    for (const { element, full } of times) {
      const text = ago(new Date(element.dateTime));
      element.textContent = text ?? full;
      element.hidden = element.textContent === "";
      if (full !== "") element.title = `${full} ${zone}`.trim();
    }
  }
  addEventListener("beforeprint", () => {
    for (const { element, full } of times) element.textContent = full;
  });
  addEventListener("afterprint", refresh);
  if (times.length === 0) return;
  refresh();
  setInterval(refresh, 60_000);
}

// Returns how long ago a time was; undefined if it is older than a month.
function ago(time) {
  const seconds = (Date.now() - time.getTime()) / 1000;
  if (!(seconds < LONGEST)) return undefined;
  const unit = UNITS.find(([, length]) => seconds >= length);
  return unit ? words.format(-Math.floor(seconds / unit[1]), unit[0]) : "just now";
}

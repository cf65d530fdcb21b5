// What makes a page unreadable whatever its data are: broken words, sideways scroll, a focus that is not seen.

export const WIDTHS = [360, 768, 900, 1024, 1440];

// Returns the words in table cells that are on two lines though one line has room for them, or that are broken into
// pieces of a few letters. In sentences, a hyphen or a slash ends a line as in any text.
export const brokenWords = (page) =>
  page.evaluate(() => {
    const LETTERS = 8;
    const pencil = document.createElement("canvas").getContext("2d");
    const widthOf = (word, style) => {
      pencil.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      return pencil.measureText(word).width;
    };
    const roomIn = (element) => {
      const block = element.closest("td, th, .clamp, .value, label, li");
      const style = getComputedStyle(block);
      const padding = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
      return block.getBoundingClientRect().width - padding;
    };
    // Returns the pieces of a word, one for each line.
    function pieces(node, start, end) {
      const range = document.createRange();
      range.setStart(node, start);
      range.setEnd(node, end);
      if (new Set([...range.getClientRects()].filter(({ width }) => width > 0).map(({ bottom }) => Math.round(bottom))).size < 2) return [];
      const found = [];
      let line = null;
      for (let at = start; at < end; at += 1) {
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        const { bottom } = range.getBoundingClientRect();
        if (line === null || Math.abs(bottom - line) > 3) found.push("");
        line = bottom;
        found[found.length - 1] += node.data[at];
      }
      return found.length > 1 ? found : [];
    }
    const broken = [];
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (!parent.closest("td, th") || parent.closest(".unseen, thead.gone") || !parent.checkVisibility()) continue;
      const isSentence = parent.closest("td.text, .differences, .words, .value") !== null;
      for (const match of node.data.matchAll(/\S+/g)) {
        const parts = pieces(node, match.index, match.index + match[0].length);
        if (parts.length === 0) continue;
        if (isSentence && parts.slice(0, -1).every((part) => /[-/|?–—]$/.test(part))) continue;
        const isTooLong = widthOf(match[0], getComputedStyle(parent)) > roomIn(parent) - 2;
        if (isTooLong && parts.slice(0, -1).every((part) => part.length >= LETTERS || /[-/|?–—]$/.test(part))) continue;
        broken.push(parts.join(" / "));
      }
    }
    return broken;
  });

// Returns by how much a page is wider than its window, as text; empty if it is not.
export const sidewaysScroll = (page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth > clientWidth ? [`${scrollWidth} pixels wide`] : [];
  });

// Returns the elements that the Tab key reaches but that cannot be seen when they have the focus.
export const invisibleTabStops = (page) =>
  page.evaluate(() => {
    const before = document.activeElement;
    const stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
    const isReached = (element) => element.tabIndex >= 0 && !element.disabled && element.type !== "hidden" && element.checkVisibility({ visibilityProperty: true });
    const unseen = stops.filter(isReached).filter((element) => {
      element.focus({ preventScroll: true });
      const { width, height, right, bottom } = element.getBoundingClientRect();
      return width < 4 || height < 4 || right < 1 || bottom + scrollY < 1 || getComputedStyle(element).opacity === "0";
    });
    before.focus?.({ preventScroll: true });
    return unseen.map((element) => element.outerHTML.slice(0, 120));
  });

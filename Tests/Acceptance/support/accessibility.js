// What a screen reader, a keyboard or weak eyes would stumble over.

function defects() {
  const found = [];
  const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest("[aria-hidden=true], .unseen, .skip");
  const tell = (rule, element) => found.push(`${rule}: ${element.outerHTML.slice(0, 140)}`);
  const name = (element) =>
    (element.getAttribute("aria-label") || (element.getAttribute("aria-labelledby") || "").split(" ").map((id) =>
      document.getElementById(id)?.textContent).join(" ").trim() ||
      [...(element.labels || [])].map((label) => label.textContent).join(" ").trim() || element.textContent.trim() || element.alt || element.title
        || "").trim();

  if (!document.documentElement.lang) found.push("the page has no language");
  if (!document.title) found.push("the page has no title");
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) found.push(`the id ${id} stands twice`);
  const named = "button, a[href], input, select, textarea, [role=button], [role=tab], [role=meter], dialog[open]";
  for (const element of document.querySelectorAll(named)) {
    if (seen(element) && !name(element)) tell("without a name", element);
  }
  for (const element of document.querySelectorAll("input, select, textarea")) {
    if (seen(element) && !element.labels?.length && !element.getAttribute("aria-label")) tell("without a label", element);
  }
  for (const element of document.querySelectorAll("img")) if (!element.hasAttribute("alt")) tell("without alt", element);
  for (const element of document.querySelectorAll("svg")) {
    if (seen(element) && element.getAttribute("aria-hidden") !== "true" && !element.querySelector("title")?.textContent) tell("without a title",
      element);
  }
  for (const element of document.querySelectorAll("th")) if (!element.scope) tell("without scope", element);
  for (const element of document.querySelectorAll("[aria-controls], [aria-describedby], [aria-labelledby]")) {
    for (const attribute of ["aria-controls", "aria-describedby", "aria-labelledby"]) {
      for (const id of (element.getAttribute(attribute)
        || "").split(" ").filter(Boolean)) if (!document.getElementById(id)) tell(`${attribute} leads nowhere`, element);
    }
  }
  if (document.querySelectorAll("main").length !== 1) found.push("there must be one main");
  const titles = [...document.querySelectorAll("h1")].filter(seen);
  if (titles.length !== 1) found.push(`${titles.length} headings of the first level`);
  let level = 0;
  for (const heading of document.querySelectorAll("main h1, main h2, main h3, main h4")) {
    if (!seen(heading)) continue;
    const is = Number(heading.localName[1]);
    if (is > level + 1) tell("a level of headings is left out", heading);
    level = is;
  }
  for (const element of document.querySelectorAll("[tabindex]")) if (element.tabIndex > 0) tell("an order of its own", element);
  if (document.documentElement.scrollWidth > innerWidth
    + 1) found.push(`wider than the window: ${document.documentElement.scrollWidth} > ${innerWidth}`);
  return [...found, ...contrasts(seen)];
}

function contrasts(seen) {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const channels = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const linear = [r, g, b].map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color[3] > 250) return color;
    }
    return [255, 255, 255, 255];
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !seen(element) || element.closest("svg, noscript, option, :disabled")) continue;
    const style = getComputedStyle(element);
    const [one, two] = [light(channels(style.color)), light(behind(element))].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const ratio = (one + 0.05) / (two + 0.05);
    if (ratio < least) found.add(`contrast ${ratio.toFixed(2)}: ${element.outerHTML.slice(0, 120)}`);
  }
  return [...found];
}

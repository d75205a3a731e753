// Search over titles and headings of the documentation. The pages themselves need no scripts.
const input = document.getElementById("search"), found = document.getElementById("found")
Object.assign(input, { placeholder: "Search titles" })
let pages

async function load() {
  if (pages) return
  try {
    pages = (await (await fetch("/docs/search.json")).json()).pages
  } catch {
    pages = undefined
  }
}

// Every word must begin a word of the title, of a heading, or stand in the summary; titles come first.
function matches(words) {
  const hits = []
  for (const page of pages ?? []) {
    const text = `${page.title} ${page.summary}`.toLowerCase()
    const score = words.every((word) => page.title.toLowerCase().includes(word)) ? 0 : words.every((word) => text.includes(word)) ? 1 : 3
    if (score < 3) hits.push({ score, title: page.title, place: `/docs/${page.path}` })
    for (const [title, id] of page.headings) {
      if (words.every((word) => title.toLowerCase().includes(word))) {
        hits.push({ score: 2, title: `${page.title}: ${title}`, place: `/docs/${page.path}#${id}` })
      }
    }
  }
  return hits.sort((a, b) => a.score - b.score).slice(0, 12)
}

async function show() {
  await load()
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean)
  found.replaceChildren()
  found.hidden = !words.length
  if (found.hidden) return
  const hits = matches(words)
  for (const hit of hits) {
    const item = document.createElement("li"), link = document.createElement("a")
    link.href = hit.place
    link.textContent = hit.title
    item.append(link)
    found.append(item)
  }
  if (!hits.length) {
    const item = document.createElement("li")
    item.textContent = pages ? "No title has these words." : "The list of titles did not come. Reload the page."
    found.append(item)
  }
}

function move(event, step) {
  const links = [...found.querySelectorAll("a")]
  const next = links[links.indexOf(document.activeElement) + step]
  event.preventDefault()
  if (next) next.focus()
  else if (step < 0) input.focus()
}

input.addEventListener("input", show)
input.addEventListener("focus", load)
input.addEventListener("keydown", (event) => {
  if (event.key === "Enter") found.querySelector("a")?.click()
})
document.addEventListener("keydown", (event) => {
  const inSearch = event.target === input || found.contains(event.target)
  if (event.key === "/" && !inSearch && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault()
    input.focus()
  } else if (event.key === "Escape" && inSearch) {
    input.value = ""
    show()
    input.focus()
  } else if (inSearch && event.key === "ArrowDown") move(event, 1)
  else if (inSearch && event.key === "ArrowUp") move(event, -1)
})
document.addEventListener("click", (event) => {
  if (!found.contains(event.target) && event.target !== input) found.hidden = true
})

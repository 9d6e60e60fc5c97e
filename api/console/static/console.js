// Comforts on top of pages that work without them: shortcuts, local times, instant colours,
// and lists that change in place.

const typing = (target) => target.matches("input, select, textarea");

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target)) return;
  const field = document.querySelector("[data-key='/']");
  if (field) {
    event.preventDefault();
    field.focus();
  }
});

// the time of the reader's own zone, on hover
const local = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "medium",
  timeStyle: "short",
});

const localise = (root) => {
  for (const time of root.querySelectorAll("time[datetime]")) {
    time.title = `${local.format(new Date(time.dateTime))} · ${time.title}`;
  }
};

localise(document);

// language and colours apply once chosen; the button is for browsers without scripts
const view = document.querySelector(".view");
if (view) {
  view.querySelector("button").hidden = true;
  view.addEventListener("change", () => view.requestSubmit());
}

// links and forms that ask for another list replace the list in place, and say so
const status = document.createElement("p");
status.className = "off";
status.setAttribute("role", "status");
document.body.append(status);

const swap = async (address) => {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("content");
  const place = document.getElementById("content");
  if (!fresh || !place || !page.getElementById("list")) {
    location.assign(address);
    return;
  }
  place.replaceWith(fresh);
  localise(fresh);
  history.replaceState({ swapped: true }, ""); // so that the way back loads the page again
  history.pushState({ swapped: true }, "", address);
  const title = fresh.querySelector("#list-title");
  if (title) {
    title.tabIndex = -1;
    title.focus({ preventScroll: true });
    fresh.querySelector("#list").scrollIntoView();
    status.textContent = title.textContent;
  }
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey) return;
  const target = new URL(link.href);
  const here = new URL(location.href);
  const samePage = target.pathname === here.pathname && target.search !== here.search;
  if (!samePage || target.hash !== "#list" || target.origin !== here.origin) return;
  event.preventDefault();
  swap(link.href).catch(() => location.assign(link.href));
});

addEventListener("popstate", (event) => {
  if (event.state && event.state.swapped) location.reload();
});

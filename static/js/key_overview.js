// The overview of keys: the table of the help, in a dialog, so that a form that is being filled in stays.

export async function showKeys(help) {
  const shown = document.getElementById("key-dialog");
  if (shown) return void (shown.open || shown.showModal());
  const table = await tableOf(help.href);
  // Without the table, the help itself is the overview.
  if (!table) return void location.assign(`${help.href}#keys`);
  table.removeAttribute("id");
  const dialog = document.createElement("dialog");
  dialog.id = "key-dialog";
  dialog.className = "key-dialog prose";
  dialog.setAttribute("aria-labelledby", "key-dialog-title");
  const heading = document.createElement("h2");
  heading.id = "key-dialog-title";
  heading.textContent = "Keys";
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  const title = document.createElement("div");
  title.className = "title";
  title.append(heading, close);
  dialog.append(title, table);
  document.body.append(dialog);
  dialog.showModal();
}

async function tableOf(address) {
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return document.adoptNode(page.getElementById("key-table"));
  } catch {
    return null;
  }
}

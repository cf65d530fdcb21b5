// Reads a chosen file into the text area that the form sends.

export function readFiles(form) {
  for (const field of form.querySelectorAll("[data-file-for]")) {
    const text = document.getElementById(field.dataset.fileFor);
    field.hidden = false;
    field.querySelector("input").addEventListener("change", async (event) => {
      const [file] = event.target.files;
      if (file) text.value = await file.text();
    });
  }
}

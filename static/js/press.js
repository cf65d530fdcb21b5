// Resolves when no button of the mouse is pressed. A mark moves what is below it: a click on Save, whose press took the
// focus from the field, would be lost if the button moved before the release.
let press = Promise.resolve();
addEventListener(
  "pointerdown",
  () => {
    press = new Promise((done) => {
      const end = () => setTimeout(done);
      for (const event of ["pointerup", "pointercancel"]) addEventListener(event, end, { once: true, capture: true });
    });
  },
  true,
);
export const released = () => press;

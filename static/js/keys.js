// Keys of the keyboard.

// Returns true for the keys of an input method, such as the Enter that confirms a conversion. 229 is the code that
// browsers send for keys that an input method handles; Safari sends it without `isComposing`.
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

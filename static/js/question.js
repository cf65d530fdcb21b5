// A question to the server that waits for a pause in typing, and that a later one replaces.

// `load` gets a signal and returns a promise. `answer` resolves to its result, or to null if it fails or is cancelled;
// it never fails. `hurry` ends the wait.
export function question(delay, load) {
  const controller = new AbortController();
  let hurry;
  const isDue = new Promise((resolve) => {
    const timer = setTimeout(resolve, delay);
    hurry = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  const answer = isDue.then(() => (controller.signal.aborted ? null : load(controller.signal))).catch(() => null);
  const cancel = () => {
    controller.abort();
    hurry();
  };
  return { answer, hurry, cancel };
}

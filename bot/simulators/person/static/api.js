// Asking the server: JSON in, JSON out, and an Error with words for a person when it will not.

export class Refusal extends Error {}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new Refusal("The demo does not answer. Is it still running?");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(body.error ?? body.message ?? `The demo answered ${answer.status}.`);
  return body;
}

export const get = (path) => ask(path);

export const remove = (path) => ask(path, { method: "DELETE" });

export const post = (path, body = {}) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** What the floor's web workers run. */
import { answer } from "../systems/raw-answers.mjs";

globalThis.onmessage = ({ data }) => {
  answer(data, (replies, moved) => globalThis.postMessage(replies, moved));
};

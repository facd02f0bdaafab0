/** The story of one task: of the one that was picked elsewhere, or whose key was typed, told anew while it is looked at. */

import { storyText, type TaskStory } from "../client/stories.ts";
import { element } from "./elements.ts";

export class StoryPanel {
  readonly node: HTMLElement;
  readonly #ask: (key: string) => Promise<TaskStory>;
  readonly #input = element("input", {
    type: "search",
    placeholder: "key of a task",
    "aria-label": "Key of a task",
    spellcheck: "false",
    autocapitalize: "off",
  });
  readonly #text = element("pre", { class: "story", tabindex: "0" });
  /** What was said of what was picked, which the story follows. */
  #before = "";
  #key = "";
  #isAsking = false;

  constructor(ask: (key: string) => Promise<TaskStory>) {
    this.#ask = ask;
    this.#text.textContent = "Pick a task in the graph or the stream, or type its key.";
    const form = element("form", { class: "head" }, this.#input, element("button", { type: "submit" }, "Tell"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.tell(this.#input.value.trim());
    });
    this.node = element("section", {}, element("h2", {}, "One task"), form, this.#text);
  }

  /** Tells what is known of the task of this key, after what is to be said of it anyway. Without a key, that alone. */
  tell(key: string, before = ""): void {
    this.#key = key;
    this.#before = before;
    this.#input.value = key;
    this.#text.textContent = before;
    void this.refresh();
  }

  async refresh(): Promise<void> {
    const key = this.#key;
    if (key === "" || this.#isAsking) return;
    this.#isAsking = true;
    const text = await this.#ask(key).then(storyText, (error) => `It could not be told: ${error?.message ?? error}`);
    this.#isAsking = false;
    if (key !== this.#key) return void this.refresh();
    const whole = this.#before === "" ? text : `${this.#before}\n\n${text}`;
    if (this.#text.textContent !== whole) this.#text.textContent = whole;
  }
}

/** How code looks: in the colours of the page, light or dark as that is. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const CHOSEN = { backgroundColor: "light-dark(#d8e4f5, #35435c)" };

const look = EditorView.theme({
  "&": { minHeight: "calc(12rem - 2px)", backgroundColor: "var(--card)", color: "var(--ink)" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--paper)", color: "var(--faint)", borderRightColor: "var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "light-dark(#f3eee4, #282c34)" },
  ".cm-selectionBackground": CHOSEN,
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": CHOSEN,
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "light-dark(#d9ead9, #2f4a3f)" },
  ".cm-tooltip, .cm-panels": { backgroundColor: "var(--card)", color: "var(--ink)", borderColor: "var(--line)" },
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier], color: "light-dark(#7a2f9c, #cfa5f2)" },
  { tag: [tags.string, tags.regexp], color: "light-dark(#9c3a12, #f0b08c)" },
  { tag: [tags.number, tags.bool, tags.null], color: "light-dark(#14664f, #86d3b8)" },
  {
    tag: [tags.function(tags.variableName), tags.definition(tags.variableName)],
    color: "light-dark(#1f4fa0, #96bdf7)",
  },
  { tag: tags.comment, color: "var(--faint)", fontStyle: "italic" },
]);

export const codeColours = [look, syntaxHighlighting(colours)];

/** An editor for JavaScript. */
import { javascript } from "@codemirror/lang-javascript";
import { EditorView } from "@codemirror/view";
import { basicSetup } from "codemirror";
import { useEffect, useRef } from "preact/hooks";
import { codeColours } from "./code-colours.ts";

export interface CodeEditorProps {
  readonly code: string;
  readonly label: string;
  readonly onChange: (code: string) => void;
}

export function CodeEditor({ code, label, onChange }: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const heard = useRef(onChange);
  heard.current = onChange;
  useEffect(() => {
    if (place.current === null) return;
    // In a shadow tree its styles are adopted sheets, which the page's policy does not have to be loosened for.
    const root = place.current.shadowRoot ?? place.current.attachShadow({ mode: "open" });
    const editor = new EditorView({
      doc: code,
      parent: root,
      root,
      extensions: [
        basicSetup,
        javascript(),
        codeColours,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) heard.current(update.state.doc.toString());
        }),
      ],
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);
  useEffect(() => {
    const editor = view.current;
    if (editor !== null && editor.state.doc.toString() !== code)
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: code } });
  }, [code]);
  return <div class="editor" ref={place} />;
}

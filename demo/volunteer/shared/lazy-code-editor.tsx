/** The code editor, which is large, once it is there; a plain field until then. */
import { useEffect, useState } from "preact/hooks";
import type { CodeEditor, CodeEditorProps } from "./code-editor.tsx";

export function LazyCodeEditor(props: CodeEditorProps) {
  const [Editor, have] = useState<typeof CodeEditor | undefined>();
  useEffect(() => {
    let isGone = false;
    import("./code-editor.tsx").then(
      (module) => !isGone && have(() => module.CodeEditor),
      () => {}, // The plain field does, too.
    );
    return () => {
      isGone = true;
    };
  }, []);
  if (Editor !== undefined) return <Editor {...props} />;
  const { code, label, onChange } = props;
  return (
    <textarea
      class="editor"
      aria-label={label}
      value={code}
      onInput={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}

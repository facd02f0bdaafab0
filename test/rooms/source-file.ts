/**
 * Reads one TypeScript file as the rooms test sees it: its tokens, and what it imports, types and dynamic imports included.
 *
 * It uses the scanner of the compiler itself (exported by TypeScript 7 as `unstable/ast`, hence the exact version in
 * package.json): comments, strings, templates and regular expressions cannot be mistaken for code, and no program is built.
 */
import { createScanner, SyntaxKind } from "typescript/unstable/ast";

export interface SourceFile {
  /** From the top of the repository, with forward slashes: `src/worker/machine.ts`. */
  readonly path: string;
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly imports: readonly Import[];
}

export interface Token {
  readonly text: string;
  readonly line: number;
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `export ... from` rather than `import ... from`. */
  readonly passesOn: boolean;
}

interface ScannedToken extends Token {
  readonly kind: SyntaxKind;
  /** What a string literal says, without its quotes. */
  readonly value: string;
}

export function readSource(path: string, text: string): SourceFile {
  const tokens = scan(text);
  return { path, text, tokens, imports: importsAmong(tokens) };
}

function scan(text: string): ScannedToken[] {
  const scanner = createScanner(true);
  scanner.setText(text);
  const tokens: ScannedToken[] = [];
  const openBraces: ("block" | "template")[] = [];
  let line = 1;
  let counted = 0;
  for (let kind = scanner.scan(); kind !== SyntaxKind.EndOfFile; kind = scanner.scan()) {
    kind = settle(kind);
    const start = scanner.getTokenStart();
    for (; counted < start; counted++) if (text[counted] === "\n") line++;
    tokens.push({ kind, text: scanner.getTokenText(), value: scanner.getTokenValue(), line });
  }
  return tokens;

  /** A scanner alone cannot tell a division from a regular expression, nor the end of a block from that of `${}`. */
  function settle(kind: SyntaxKind): SyntaxKind {
    switch (kind) {
      case SyntaxKind.SlashToken:
      case SyntaxKind.SlashEqualsToken:
        return endsExpression(tokens.at(-1)) ? kind : scanner.reScanSlashToken();
      case SyntaxKind.TemplateHead:
        openBraces.push("template");
        return kind;
      case SyntaxKind.OpenBraceToken:
        openBraces.push("block");
        return kind;
      case SyntaxKind.CloseBraceToken: {
        if (openBraces.pop() !== "template") return kind;
        const rest = scanner.reScanTemplateToken(false);
        if (rest === SyntaxKind.TemplateMiddle) openBraces.push("template");
        return rest;
      }
      default:
        return kind;
    }
  }
}

function endsExpression(token: ScannedToken | undefined): boolean {
  switch (token?.kind) {
    case SyntaxKind.Identifier:
    case SyntaxKind.PrivateIdentifier:
    case SyntaxKind.NumericLiteral:
    case SyntaxKind.BigIntLiteral:
    case SyntaxKind.StringLiteral:
    case SyntaxKind.NoSubstitutionTemplateLiteral:
    case SyntaxKind.TemplateTail:
    case SyntaxKind.RegularExpressionLiteral:
    case SyntaxKind.CloseParenToken:
    case SyntaxKind.CloseBracketToken:
    case SyntaxKind.CloseBraceToken:
    case SyntaxKind.ThisKeyword:
    case SyntaxKind.SuperKeyword:
    case SyntaxKind.PlusPlusToken:
    case SyntaxKind.MinusMinusToken:
      return true;
    default:
      return false;
  }
}

function importsAmong(tokens: readonly ScannedToken[]): Import[] {
  const imports: Import[] = [];
  let statement: "import" | "export" | undefined;
  tokens.forEach((token, i) => {
    if (token.text === "import" || token.text === "export") statement = token.text;
    if (token.kind !== SyntaxKind.StringLiteral) return;
    const [second, first] = [tokens[i - 2]?.text, tokens[i - 1]?.text];
    const isImport = first === "from" || first === "import" || (second === "import" && first === "(");
    if (!isImport) return;
    imports.push({
      specifier: token.value,
      line: token.line,
      passesOn: first === "from" && statement === "export",
    });
  });
  return imports;
}

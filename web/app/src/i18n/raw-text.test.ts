import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';
import { expect, test } from 'vitest';

/** Attributes whose text somebody sees or hears. */
const SPOKEN = /^(alt|aria-(description|label|roledescription|valuetext)|placeholder|title)$/;
/** The same of our own parts. A single word in lower case is no sentence, but the name of one. */
const SPOKEN_BY_PARTS = /^(description|hint|label|problem|text)$/;
const NAME = /^[a-z][A-Za-z-]*$/;

const source = fileURLToPath(new URL('..', import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tsx'));

interface Node {
  type: string;
  start: number;
  [field: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** Text in the markup that is not from the words of a language, with its line. */
function rawText(code: string, name: string): string[] {
  const found: string[] = [];
  const report = (node: Node, text: string) => {
    if (!/\p{L}/u.test(text)) return;
    const line = code.slice(0, node.start).split('\n').length;
    found.push(`${name}:${line} ${text.trim()}`);
  };

  /** What an expression can come out as, as far as it is written there. */
  function literals(node: unknown, except?: RegExp): void {
    if (!isNode(node)) return;
    if (node.type === 'Literal' && typeof node.value === 'string') {
      if (!except?.test(node.value)) report(node, node.value);
    } else if (node.type === 'TemplateLiteral') {
      for (const part of node.quasis as { value: { raw: string } }[]) report(node, part.value.raw);
    } else if (node.type === 'ConditionalExpression') {
      literals(node.consequent, except);
      literals(node.alternate, except);
    } else if (node.type === 'LogicalExpression') {
      if (node.operator !== '&&') literals(node.left, except);
      literals(node.right, except);
    } else if (node.type === 'JSXExpressionContainer') literals(node.expression, except);
  }

  function walk(node: Node): void {
    if (node.type === 'JSXText') report(node, String(node.value));
    if (node.type === 'JSXElement' || node.type === 'JSXFragment')
      for (const child of node.children as unknown[]) literals(child);
    if (node.type === 'JSXAttribute') {
      const attribute = (node.name as { name: unknown }).name;
      if (SPOKEN.test(String(attribute))) literals(node.value);
      if (SPOKEN_BY_PARTS.test(String(attribute))) literals(node.value, NAME);
    }
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child);
    }
  }

  const { program, errors } = parseSync(name, code);
  expect(errors).toEqual([]);
  walk(program as unknown as Node);
  return found;
}

test('text that was forgotten is found', () => {
  const code = `
    const A = ({ n, words }) => (
      <p title="Help" hint="Soon" label="key" className="big" aria-label={n ? 'One' : words.many}>
        Hello {n} {n > 1 && \`of \${n}\`} · {words.name}
      </p>
    );`;
  expect(
    rawText(code, 'a.tsx')
      .map((line) => line.replace(/^\S+ /, ''))
      .sort(),
  ).toEqual(['Hello', 'Help', 'One', 'Soon', 'of']);
});

test.each(files)('%s says nothing by itself', (name) => {
  expect(rawText(readFileSync(`${source}/${name}`, 'utf8'), name)).toEqual([]);
});

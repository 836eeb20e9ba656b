import type { Nodes, Parents, Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { Fragment, memo, type ReactNode, useMemo } from 'react';
import { linkify } from './linkify.ts';
import styles from './Markdown.module.css';

/** What of CommonMark is only text here. HTML is never anything else. */
const DISABLED = [
  'htmlFlow',
  'htmlText',
  'headingAtx',
  'setextUnderline',
  'thematicBreak',
  'definition',
  'labelStartImage',
  'codeIndented',
  'characterReference',
];
/** Quotes within lists within quotes: what is deeper is shown as it was written. */
const DEPTH = 6;
/** A parser takes its time for many openings that nothing closes, and for long lists. */
const OPENINGS = 400;
const ITEMS = 200;
/** Marks of quotes and lists at the beginning of a line, more than anybody writes. */
const TOO_DEEP = /^(?:[ \t]*(?:[-+*>]|\d{1,9}[.)])){8}/m;
const SCHEMES = new Set(['http:', 'https:', 'mailto:']);

/** Bold, italics, code, quotes, lists and links; everything else is text. Elements only, whatever was written. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const tree = useMemo(() => parse(text), [text]);
  return tree ? (
    <div className={styles.markdown}>{children(tree, text, 0)}</div>
  ) : (
    <p dir="auto" className={styles.text}>
      <Plain text={text} />
    </p>
  );
});

/** Null: it is nothing but text, or too much of a thing. Exported for its test. */
export function parse(text: string): Root | null {
  if (!/[*_`>[\]\\]|^\s*(?:[-+]|\d+[.)])\s/m.test(text)) return null;
  if (count(text, /[*_`>[\]]/g) > OPENINGS || count(text, /^\s*(?:[-+*]|\d+[.)])\s/gm) > ITEMS || TOO_DEEP.test(text))
    return null;
  try {
    const tree = fromMarkdown(text, { extensions: [{ disable: { null: DISABLED } }] });
    return label(tree).trim() === '' ? null : tree;
  } catch {
    return null;
  }
}

const count = (text: string, what: RegExp): number => text.match(what)?.length ?? 0;

const children = (node: Parents, source: string, depth: number): ReactNode =>
  node.children.map((child, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never move
    <Fragment key={index}>{element(child, source, depth + 1)}</Fragment>
  ));

function element(node: Nodes, source: string, depth: number): ReactNode {
  if (depth > DEPTH) return <Plain text={written(node, source)} />;
  switch (node.type) {
    case 'text':
      return <Plain text={node.value} />;
    case 'break':
      return '\n';
    case 'strong':
      return <strong>{children(node, source, depth)}</strong>;
    case 'emphasis':
      return <em>{children(node, source, depth)}</em>;
    case 'inlineCode':
      return (
        <code dir="ltr" className={styles.code}>
          {node.value}
        </code>
      );
    case 'code':
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        <pre dir="ltr" className={styles.block} tabIndex={0}>
          <code>{node.value}</code>
        </pre>
      );
    case 'paragraph':
      return (
        <p dir="auto" className={styles.text}>
          {children(node, source, depth)}
        </p>
      );
    case 'blockquote':
      return <blockquote className={styles.quote}>{children(node, source, depth)}</blockquote>;
    case 'list':
      return node.ordered ? (
        <ol className={styles.list} start={node.start ?? 1}>
          {children(node, source, depth)}
        </ol>
      ) : (
        <ul className={styles.list}>{children(node, source, depth)}</ul>
      );
    case 'listItem':
      return <li dir="auto">{children(node, source, depth)}</li>;
    case 'link': {
      const href = safe(node.url);
      // One that shows another address than its own is shown as it was written.
      return href && !deceives(label(node), href) ? (
        <Link href={href}>{children(node, source, depth)}</Link>
      ) : (
        <Plain text={written(node, source)} />
      );
    }
    default:
      return <Plain text={written(node, source)} />;
  }
}

/** As it was written. */
const written = ({ position }: Nodes, source: string): string =>
  source.slice(position?.start.offset ?? 0, position?.end.offset ?? 0);

const label = (node: Nodes): string =>
  'value' in node ? node.value : 'children' in node ? node.children.map((child) => label(child)).join('') : '';

function safe(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  return SCHEMES.has(url.protocol) ? url.href : null;
}

function deceives(text: string, href: string): boolean {
  const { host } = new URL(href);
  const hosts = linkify(text).flatMap((piece) => (piece.href === null ? [] : new URL(piece.href).host));
  const names = text.toLowerCase().match(/(?:[\p{L}\p{N}-]{1,63}\.)+\p{L}{2,}/gu) ?? [];
  return hosts.some((other) => other !== host) || names.some((name) => host !== name && !host.endsWith(`.${name}`));
}

/** Text nodes and links to what is clearly an address. */
export function Plain({ text }: { text: string }) {
  return linkify(text).map(({ text: piece, href }, index) =>
    href ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never move
      <Link key={index} href={href}>
        {piece}
      </Link>
    ) : (
      piece
    ),
  );
}

const Link = ({ href, children }: { href: string; children: ReactNode }) => (
  <bdi>
    <a href={href} title={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  </bdi>
);

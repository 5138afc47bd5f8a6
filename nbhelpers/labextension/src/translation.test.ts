import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';
import { expect, it } from 'vitest';

import { translation } from './translation';

it('is English without a translator', () => {
  const trans = translation(null);
  expect(trans.__('epoch %1 of %2', 3, 10)).toBe('epoch 3 of 10');
  expect(trans.__('Insert %verify, which repeats %1', 'a')).toBe('Insert %verify, which repeats a');
  expect([1, 2].map(n => trans._n('%1 run', '%1 runs', n))).toEqual(['1 run', '2 runs']);
});

/** Text that reads as a sentence or a title, wherever it stands. */
const PROSE = /[A-Za-z]{2,} [a-z]{2,}|^[A-Z][a-z]{2,}$/;

/** Names that programs read and that look like text. */
const NOT_TEXT = new Set(['Notebook', 'Headstart']);

/** Attributes that people read or hear. */
const READ = new Set(['aria-label', 'title', 'alt', 'placeholder', 'label', 'caption']);

/** A string of the source, without what is filled in. */
function literal(node: ts.Node): string | null {
  if (ts.isStringLiteralLike(node)) {
    return node.text;
  }
  return ts.isTemplateExpression(node) ? [node.head.text, ...node.templateSpans.map(span => span.literal.text)].join('') : null;
}

/** Whether a string stands where people read it. */
function shown(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) {
    const name = parent.expression.getText().split('.').at(-1);
    const given: readonly ts.Node[] = parent.arguments ?? [];
    const place = given.indexOf(node);
    return ((name === 'element' || name === 'shape') && place >= 2) || name === 'button' || name === 'Error' || name === '_say';
  }
  if (ts.isPropertyAssignment(parent)) {
    return node !== parent.name && READ.has(parent.name.getText().replaceAll("'", ''));
  }
  return ts.isBinaryExpression(parent) && parent.left.getText().endsWith('textContent');
}

/** Whether people do not read a string: translated, a type, a module, a selector, for the console, or for developers. */
function exempt(node: ts.Node): boolean {
  if (/^(%[a-z]+|<svg) /.test(literal(node) ?? '') || (ts.isBinaryExpression(node.parent) && /^[!=]==$/.test(node.parent.operatorToken.getText()))) {
    return true; // a line of a magic, or what is compared
  }
  for (let at = node.parent; at; at = at.parent) {
    if (ts.isCallExpression(at)) {
      const callee = at.expression.getText();
      if (/\.(__|_n|querySelector(All)?)$|^console\./.test(callee)) {
        return true;
      }
    }
    if (ts.isNewExpression(at) && /^(Token|LabIcon)$/.test(at.expression.getText())) {
      return true;
    }
    if (ts.isImportDeclaration(at) || ts.isLiteralTypeNode(at) || ts.isExportDeclaration(at)) {
      return true;
    }
    if (ts.isPropertyAssignment(at) && /^(description|class|className|svgstr|rank|type|pattern|accept)$/.test(at.name.getText())) {
      return true; // description: of a plugin, which JupyterLab does not translate either
    }
  }
  return false;
}

/** The strings of a source that people read and that are not translated. */
function untranslated(file: string, source: string): string[] {
  const parsed = ts.createSourceFile(file, source, ts.ScriptTarget.ES2022, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const text = literal(node);
    if (text !== null && /[A-Za-z]/.test(text) && (shown(node) || PROSE.test(text)) && !exempt(node) && !NOT_TEXT.has(text)) {
      found.push(`${file}:${parsed.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return found;
}

it('every shown string goes through the translator', () => {
  const sources = readdirSync('src', { recursive: true }) as string[];
  const files = sources.filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  expect(files.length).toBeGreaterThan(40);
  expect(files.flatMap(file => untranslated(file, readFileSync(join('src', file), 'utf8')))).toEqual([]);
});

it.each([
  `element('p', {}, 'done')`, `element('p', { title: 'x' })`, `button('Go', t, f)`, `new Error('no')`, 'a.textContent = `n ${x}`',
  `const text = 'No runs yet.'`, `x ? 'Stop' : trans.__('Go')`, `f({ label: 'go' })`, `this._say('no')`
])('finds the string of %s', source => expect(untranslated('x.ts', source)).toHaveLength(1));

it.each([
  `element('p', { class: 'hs-x y' }, trans.__('done'))`, `trans._n('%1 run', '%1 runs', 2)`, `console.warn('not good')`, `import x from 'A b c'`,
  `let x: 'Some text here'`, `element('p', {}, name, '×')`, `this._say('', false)`, `f({ action: 'stop' })`
])('lets %s be', source => expect(untranslated('x.ts', source)).toEqual([]));

import { indentUnit } from '@codemirror/language';
import { EditorState } from '@codemirror/state';
import { highlightTree, tagHighlighter, tags } from '@lezer/highlight';
import { describe, expect, it } from 'vitest';

import { language, TAGS } from './language';

const highlighter = tagHighlighter([
  ...Object.entries(TAGS).map(([kind, tag]) => ({ tag, class: kind })),
  { tag: tags.keyword, class: 'go-keyword' },
  { tag: tags.string, class: 'go-string' },
  { tag: tags.comment, class: 'go-comment' }
]);

/** The highlighted stretches of a cell as `class:text`. */
function read(code: string): string[] {
  const found: string[] = [];
  highlightTree(language.parser.parse(code), highlighter, (from, to, name) => {
    found.push(`${name}:${code.slice(from, to)}`);
  });
  return found;
}

describe('the language of cells', () => {
  it('tells magics, shell lines and Go in one cell apart', () => {
    const found = read('%train --epochs 3\n!ls\nfunc main() {}\n');
    expect(found).toEqual(['magic:%train', 'flag:--epochs', 'number:3', 'shell:!ls', 'go-keyword:func']);
  });

  it('does not let a shell line open a comment or a string of Go', () => {
    expect(read('!ls images/* `pwd`\nfunc f() {}')).toContain('go-keyword:func');
  });

  it('leaves a raw string and a comment of Go alone', () => {
    const found = read('var s = `\n%train\n`\n/*\n!ls\n*/\n%runs');
    expect(found.filter(stretch => stretch.startsWith('magic'))).toEqual(['magic:%runs']);
    expect(found.filter(stretch => stretch.startsWith('shell'))).toEqual([]);
  });

  it('continues a magic behind a backslash', () => {
    expect(read('%train \\\n--epochs 3\nreturn')).toEqual([
      'magic:%train', 'argument:\\', 'flag:--epochs', 'number:3', 'go-keyword:return'
    ]);
  });

  it('continues with Go after a magic between its lines', () => {
    expect(read('func f() {\n\treturn\n}\n%runs\nvar x = "a"')).toEqual([
      'go-keyword:func', 'go-keyword:return', 'magic:%runs', 'go-keyword:var', 'go-string:"a"'
    ]);
  });

  it('can be the language of an editor', () => {
    const state = EditorState.create({ doc: '%runs', extensions: [language, indentUnit.of('\t')] });
    expect(state.languageDataAt('commentTokens', 0)).toHaveLength(1);
  });
});

import { describe, expect, it } from 'vitest';

import { opening, spans, type Kind } from './line';

/** The stretches of a line as [text, kind]. */
function read(line: string, continued = false): [string, Kind][] {
  const kind = opening(line) ?? 'magic';
  return spans(line, kind, continued).map(span => [line.slice(span.from, span.to), span.kind]);
}

describe('opening', () => {
  it.each([
    ['%train --epochs 3', 'magic'],
    ['%%writefile a.txt', 'magic'],
    ['%%', 'magic'],
    ['!ls *.png', 'shell'],
    ['!*go get example.com/x', 'shell'],
    [' %train', null],
    ['x % y', null],
    ['% 3', null],
    ['!', null],
    ['!= x', 'shell'],
    ['', null]
  ])('of %j is %j', (line, kind) => expect(opening(line)).toBe(kind));
});

describe('spans', () => {
  it('tells names, flags, numbers, strings and arguments apart', () => {
    expect(read('%model resnet50 --head "dense:256:relu" --cut=conv4 -n 1e-3 \'a b\'')).toEqual([
      ['%model', 'magic'],
      ['resnet50', 'argument'],
      ['--head', 'flag'],
      ['"dense:256:relu"', 'string'],
      ['--cut', 'flag'],
      ['conv4', 'argument'],
      ['-n', 'flag'],
      ['1e-3', 'number'],
      ["'a b'", 'string']
    ]);
  });

  it('keeps blanks in quotes and behind backslashes together', () => {
    expect(read('%dataset load my\\ images "a \\" b" c')).toEqual([
      ['%dataset', 'magic'],
      ['load', 'argument'],
      ['my\\ images', 'argument'],
      ['"a \\" b"', 'string'],
      ['c', 'argument']
    ]);
  });

  it('reads durations and signed numbers as numbers', () => {
    expect(read('%tune --time 60s --trials 50 x2').map(([, kind]) => kind)).toEqual([
      'magic', 'flag', 'number', 'flag', 'number', 'argument'
    ]);
  });

  it('ends a quote that is never closed at the line', () => {
    expect(read('%train "open --epochs 3').at(-1)).toEqual(['"open --epochs 3', 'string']);
  });

  it('finds no magic on a line that continues one', () => {
    expect(read('--epochs 3', true)).toEqual([['--epochs', 'flag'], ['3', 'number']]);
  });

  it('leaves flags of the shell to the shell', () => {
    expect(read("!ls -l 'a b'")).toEqual([['!ls', 'shell'], ['-l', 'shell'], ["'a b'", 'string']]);
  });
});

/** What a stretch of a magic's or a shell's line is. */
export type Kind = 'magic' | 'flag' | 'string' | 'number' | 'argument' | 'shell' | 'comment';

/** A stretch of a line, `from` inclusive and `to` exclusive, in UTF-16 units. */
export interface ISpan {
  from: number;
  to: number;
  kind: Kind;
}

/** How a line begins that is not Go. */
export type Opening = 'magic' | 'shell';

/** Whether a line is a magic's, a shell's or, null, Go. Only the first column counts. */
export function opening(line: string): Opening | null {
  if (/^%%?([A-Za-z]|\s*$)/.test(line)) {
    return 'magic';
  }
  return /^!\*?\S/.test(line) ? 'shell' : null;
}

/** Whether a backslash at a line's end continues it on the next. */
export function continues(line: string): boolean {
  return line.endsWith('\\');
}

/** The stretches of a line that is not Go, or that continues such a line. Blanks belong to none. */
export function spans(line: string, kind: Opening, continued = false): ISpan[] {
  return kind === 'shell' ? shellSpans(line) : magicSpans(line, continued);
}

function magicSpans(line: string, continued: boolean): ISpan[] {
  const found: ISpan[] = [];
  for (const word of words(line)) {
    const text = line.slice(word.from, word.to);
    const flag = /^--?[A-Za-z][\w-]*/.exec(text);
    if (found.length === 0 && !continued) {
      found.push({ ...word, kind: 'magic' });
    } else if (flag) {
      const end = word.from + flag[0].length;
      found.push({ from: word.from, to: end, kind: 'flag' });
      if (text[flag[0].length] === '=' && end + 1 < word.to) {
        found.push({ from: end + 1, to: word.to, kind: valueKind(line.slice(end + 1, word.to)) });
      }
    } else {
      found.push({ ...word, kind: valueKind(text) });
    }
  }
  return found;
}

function valueKind(text: string): Kind {
  if (/^["']/.test(text)) {
    return 'string';
  }
  return /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?(ns|us|ms|s|m|h)?$/.test(text) ? 'number' : 'argument';
}

function shellSpans(line: string): ISpan[] {
  return words(line).map(word => ({ ...word, kind: /^["']/.test(line.slice(word.from)) ? 'string' : 'shell' }));
}

/** Split as the kernel does: blanks separate outside of quotes, and a backslash keeps the next character. */
function words(line: string): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  let from = -1;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const letter = line[at];
    if (quote === '' && /\s/.test(letter)) {
      if (from >= 0) {
        found.push({ from, to: at });
        from = -1;
      }
      continue;
    }
    if (from < 0) {
      from = at;
    }
    if (letter === '\\' && quote !== "'") {
      at++;
    } else if (letter === quote) {
      quote = '';
    } else if (quote === '' && (letter === '"' || letter === "'")) {
      quote = letter;
    }
  }
  if (from >= 0) {
    found.push({ from, to: line.length });
  }
  return found;
}

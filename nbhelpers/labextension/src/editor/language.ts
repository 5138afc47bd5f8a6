import { HighlightStyle, StreamLanguage, syntaxHighlighting, type StreamParser, type StringStream } from '@codemirror/language';
import { go } from '@codemirror/legacy-modes/mode/go';
import type { Extension } from '@codemirror/state';
import { Tag, tags } from '@lezer/highlight';

import { continues, opening, spans, type ISpan, type Kind, type Opening } from './line';

/** The state of Go's own parser, as far as it is looked into. */
interface IGoState {
  tokenize: ((stream: StringStream, state: IGoState) => string | null) | null;
}

interface IState {
  go: IGoState;
  /** What the line is that is being read, null for Go, and what of it is left. */
  line: Opening | null;
  left: ISpan[];
  /** Whether the next line continues this one. */
  continued: boolean;
}

/** Tags of their own, below tags that every theme has, so that a theme without ours still tells them apart. */
export const TAGS: Record<Kind, Tag> = {
  magic: Tag.define(tags.meta),
  flag: Tag.define(tags.attributeName),
  string: Tag.define(tags.string),
  number: Tag.define(tags.number),
  argument: Tag.define(tags.name),
  shell: Tag.define(tags.name),
  comment: Tag.define(tags.comment)
};

const goParser = go as unknown as StreamParser<IGoState>;

/** Go, with the lines of magics and of the shell as what they are. They leave Go's own state untouched. */
const parser: StreamParser<IState> = {
  name: 'headstart-go',
  languageData: goParser.languageData,
  tokenTable: Object.fromEntries(Object.entries(TAGS).map(([kind, tag]) => [`headstart-${kind}`, tag])),
  startState: unit => ({ go: goParser.startState!(unit), line: null, left: [], continued: false }),
  copyState: state => ({
    ...state,
    go: { ...state.go },
    left: [...state.left]
  }),
  token(stream, state) {
    if (stream.sol()) {
      begin(stream.string, state);
    }
    return state.line === null ? goParser.token(stream, state.go) : next(stream, state);
  },
  blankLine(state, unit) {
    state.line = null;
    state.continued = false;
    goParser.blankLine?.(state.go, unit);
  },
  indent(state, after, context) {
    return opening(after) ? 0 : (goParser.indent?.(state.go, after, context) ?? null);
  }
};

function begin(line: string, state: IState): void {
  const continued = state.continued && state.line !== null;
  if (!continued) {
    state.line = inText(state.go) ? null : opening(line);
  }
  state.continued = state.line !== null && continues(line);
  state.left = state.line === null ? [] : spans(line, state.line, continued);
}

/** Whether Go's parser stands inside a raw string or a comment. Its base function reads everything else. */
function inText(state: IGoState): boolean {
  return state.tokenize !== null && state.tokenize !== base;
}

function next(stream: StringStream, state: IState): string | null {
  const span = state.left[0];
  if (!span) {
    stream.skipToEnd();
    return null;
  }
  if (stream.pos < span.from) {
    stream.pos = span.from;
    return null;
  }
  state.left.shift();
  stream.pos = span.to;
  return `headstart-${span.kind}`;
}

/** Go's base function, found by reading a string to its end: a bundler may rename it. */
const base = findBase();

function findBase(): IGoState['tokenize'] {
  const state = goParser.startState!(4);
  const line = '""';
  const stream = {
    string: line,
    pos: 0,
    sol: () => stream.pos === 0,
    eatSpace: () => false,
    indentation: () => 0,
    column: () => stream.pos,
    next: () => line[stream.pos++]
  };
  goParser.token(stream as unknown as StringStream, state);
  return state.tokenize;
}

const classes = HighlightStyle.define(Object.entries(TAGS).map(([kind, tag]) => ({ tag, class: `hs-code-${kind}` })));

/** The language of cells, with the style of what is not Go. */
export const language = StreamLanguage.define(parser);

/** The language as an extension of an editor. */
export function headstartGo(): Extension {
  return [language, syntaxHighlighting(classes)];
}

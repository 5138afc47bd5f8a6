import { number, text } from '../json';

/** A class with its probability. */
export interface IScore {
  name: string;
  /** From 0 to 1. */
  probability: number;
}

/** What the magic `predict` answers. */
export interface IAnswer {
  model: string;
  /** Of the images that the model takes: a side in pixels. */
  size: number;
  trained: boolean;
  /** Those that the answer names, of so many. */
  classes: string[];
  of: number;
  /** The most probable first. */
  scores: IScore[];
  /** What a regression gives instead. */
  values: number[];
}

/** Read the answer of the magic `predict`. */
export function readAnswer(answer: unknown): IAnswer {
  const json = (answer ?? {}) as Record<string, unknown>;
  const classes = Array.isArray(json.classes) ? json.classes.map(text) : [];
  return {
    model: text(json.model),
    size: number(json.size),
    trained: json.trained === true,
    classes,
    of: Math.max(number(json.of), classes.length),
    scores: Array.isArray(json.top) ? json.top.map(readScore) : [],
    values: Array.isArray(json.value) ? json.value.map(number) : []
  };
}

function readScore(json: Record<string, unknown> | null): IScore {
  return { name: text(json?.class), probability: Math.min(1, Math.max(0, number(json?.probability))) };
}

/** Up to how many classes stay in their places while a camera runs: bars that change places cannot be read. */
const FEW = 12;

/** How many bars are shown of more classes. */
const MOST = 8;

/** The scores that bars show: in the order of the classes where they are few and change all the time, else the most probable. */
export function shownScores({ scores, classes }: IAnswer, live: boolean): IScore[] {
  if (live && scores.length <= FEW && scores.length === classes.length) {
    return [...scores].sort((a, b) => classes.indexOf(a.name) - classes.indexOf(b.name));
  }
  return scores.slice(0, MOST);
}

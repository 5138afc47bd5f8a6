import { number, text } from '../json';

/** The MIME type of a run in a notebook's outputs. */
export const RUN_MIME = 'application/vnd.headstart.run+json';

/**
 * The MIME type of the table of a run's epochs. The card has it in a fold, so that this shows nothing; front ends without this
 * extension show the table's other forms.
 */
export const EPOCHS_MIME = 'application/vnd.headstart.epochs+json';

export type RunState = 'running' | 'done' | 'stopped' | 'failed';

/** One curve; `values[i]` belongs to epoch i+1, or to `at[i]` where `at` is not empty; null is one without a value. */
export interface ISeries {
  panel: string;
  name: string;
  at: number[];
  values: (number | null)[];
}

/** A training as the kernel describes it. */
export interface IRun {
  id: string;
  title: string;
  state: RunState;
  dataset: string;
  model: string;
  backend: string;
  /** Images that are trained on, and that are validated with. */
  trainImages: number;
  valImages: number;
  /** Completed and planned epochs. */
  epoch: number;
  epochs: number;
  /** The epoch whose weights are kept, counted from 1; 0 while there is none. */
  best: number;
  /** Whether that is the last epoch, whatever its loss. */
  keptLast: boolean;
  /** Else: whether it is the one with the highest validation accuracy, instead of the lowest validation loss. */
  mostAccurate: boolean;
  /** Images per second through the backbone; 0 where the epochs read cached features. */
  rate: number;
  leftMS: number;
  /** RFC 3339, or empty. */
  started: string;
  /** From start to end, once it has ended. */
  seconds: number;
  /** The validation accuracy of the epoch `best`. */
  valAccuracy: number | null;
  /** Its 95 % interval, where few images make it wide. */
  valInterval: [number, number] | null;
  /** The highest validation accuracy of all epochs, with its epoch. */
  highestValAccuracy: number | null;
  highestValEpoch: number;
  series: ISeries[];
  /** What cross-validation chose, where a run had it choose; else empty. */
  choice: string;
  /** The accuracies that it compared, over C: less is stronger regularization. */
  compared: ISeries[];
  /** What a reader of the curves must know. */
  notes: string[];
  /** The rest of the provenance: names and values. */
  facts: [string, string][];
  /** The text of the cell that started it, where this kernel did. */
  cell: string;
  error: string;
}

const STATES: readonly string[] = ['running', 'done', 'stopped', 'failed'];

/**
 * Read a run from JSON that may come from an untrusted notebook: a field that is missing or of another type is left empty.
 * Null when the JSON is not a run.
 */
export function readRun(json: unknown): IRun | null {
  if (!isObject(json) || typeof json.id !== 'string') {
    return null;
  }
  return {
    id: json.id,
    title: text(json.title) || json.id,
    state: (STATES.includes(text(json.state)) ? json.state : 'failed') as RunState,
    dataset: text(json.dataset),
    model: text(json.model),
    backend: text(json.backend),
    trainImages: number(json.train_images),
    valImages: number(json.val_images),
    epoch: number(json.epoch),
    epochs: number(json.epochs),
    best: number(json.best),
    keptLast: json.kept_last === true,
    mostAccurate: json.selected_by === 'accuracy',
    rate: number(json.rate),
    leftMS: number(json.left_ms),
    started: text(json.started),
    seconds: number(json.seconds),
    valAccuracy: typeof json.val_accuracy === 'number' ? json.val_accuracy : null,
    valInterval: readInterval(json.val_accuracy_interval, number(json.val_images)),
    highestValAccuracy: typeof json.highest_val_accuracy === 'number' ? json.highest_val_accuracy : null,
    highestValEpoch: number(json.highest_val_accuracy_epoch),
    series: Array.isArray(json.series) ? json.series.flatMap(readSeries) : [],
    choice: text(json.choice_summary),
    compared: Array.isArray(json.compared) ? json.compared.flatMap(readSeries) : [],
    notes: Array.isArray(json.notes) ? json.notes.map(text).filter(note => note !== '') : [],
    facts: Array.isArray(json.facts) ? json.facts.flatMap(readFact) : [],
    cell: text(json.cell),
    error: text(json.error)
  };
}

/** From so many images on an interval is too narrow to be worth its place. */
const MANY = 1000;

function readInterval(json: unknown, images: number): [number, number] | null {
  return isObject(json) && typeof json.low === 'number' && typeof json.high === 'number' && images < MANY ? [json.low, json.high] : null;
}

function readSeries(json: unknown): ISeries[] {
  if (!isObject(json) || !Array.isArray(json.values)) {
    return [];
  }
  const values = json.values.map(v => (typeof v === 'number' && Number.isFinite(v) ? v : null));
  const places = Array.isArray(json.at) ? json.at.filter((v): v is number => typeof v === 'number' && v > 0 && Number.isFinite(v)) : [];
  const at = places.length === values.length ? places : []; // a curve whose places are not known stands over 1, 2, ...
  return [{ panel: text(json.panel), name: text(json.name), at, values }];
}

function readFact(json: unknown): [string, string][] {
  return isObject(json) && text(json.name) !== '' && text(json.value) !== '' ? [[text(json.name), text(json.value)]] : [];
}

/** Whether a run has ended and kept weights, which can be saved and verified. */
export function hasModel(run: IRun): boolean {
  return run.state !== 'running' && run.best > 0;
}

/** When a run ended, in milliseconds since 1970; infinity while it runs. */
export function endOf(run: IRun): number {
  return run.state === 'running' ? Infinity : Date.parse(run.started) + 1000 * run.seconds;
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** Whether a run did no more than choose a classifier: it has no epochs to speak of. A fine-tuning chooses one, and then trains it. */
export function onlyChose(run: IRun): boolean {
  return run.choice !== '' && run.epochs <= 1;
}

import type { Translation } from '../translation';
import { onlyChose, type IRun, type ISeries } from './data';

/** The curves of one quantity. */
export interface IPanel {
  name: string;
  /** Whether the values are fractions, which are written as percentages. */
  fraction: boolean;
  lines: ILine[];
}

export interface ILine {
  name: string;
  /** Where each value stands, on a logarithmic axis; left out: at epochs from 1. */
  at?: number[];
  values: (number | null)[];
}

/** Group series by their quantity, in order of appearance. */
export function panels(series: readonly ISeries[]): IPanel[] {
  const found = new Map<string, IPanel>();
  for (const { panel, name, at: places, values } of series) {
    let at = found.get(panel);
    if (!at) {
      at = { name: panel, fraction: isFraction(panel), lines: [] };
      found.set(panel, at);
    }
    at.lines.push(places.length > 0 ? { name, at: places, values } : { name, values });
  }
  return [...found.values()];
}

/** The same quantity of several runs, a line each. */
export function comparison(runs: readonly IRun[], panel: string, line: string): IPanel {
  return {
    name: `${line} ${panel}`,
    fraction: isFraction(panel),
    lines: runs.map(run => ({
      name: run.id,
      values: run.series.find(s => s.panel === panel && s.name === line)?.values ?? []
    }))
  };
}

function isFraction(panel: string): boolean {
  return panel.endsWith('accuracy');
}

/** The series of a run that a list shows: its validation accuracy, else its first. */
export function headline(run: IRun): (number | null)[] {
  const found = run.series.find(s => s.panel === 'accuracy' && s.name === 'validation');
  return (found ?? run.series[0])?.values ?? [];
}

/** A table of a run's epochs: a header and a row for each epoch. */
export function epochTable(run: IRun, trans: Translation): { header: string[]; rows: string[][] } {
  const header = [trans.__('epoch'), ...run.series.map(s => `${s.name} ${s.panel}`)];
  const count = Math.max(0, ...run.series.map(s => s.values.length));
  const rows = Array.from({ length: count }, (_, epoch) => [
    String(epoch + 1),
    ...run.series.map(s => value(s.values[epoch] ?? null, isFraction(s.panel)))
  ]);
  return { header, rows };
}

/** The provenance of a run, as names and values; unknown values are left out. */
export function provenance(run: IRun, trans: Translation): [string, string][] {
  const rows: [string, string][] = [
    [trans.__('run'), run.id],
    [trans.__('model'), run.model],
    [trans.__('dataset'), run.dataset],
    [trans.__('images'), run.trainImages ? trans.__('%1 for training, %2 for validation', run.trainImages, run.valImages) : ''],
    [trans.__('backend'), run.backend],
    [trans.__('started'), run.started.replace('T', ' ').slice(0, 19)],
    [trans.__('duration'), run.seconds ? duration(run.seconds, trans) : ''],
    ...run.facts
  ];
  return rows.filter(([, text]) => text !== '');
}

/** One line about the state of a run. */
export function summary(run: IRun, trans: Translation): string {
  const parts = onlyChose(run) ? [] : [epochs(run, trans)];
  if (run.valAccuracy !== null && onlyChose(run)) {
    parts.push(trans.__('val accuracy %1, measured once', accuracy(run.valAccuracy, run)));
  } else if (run.valAccuracy !== null && run.keptLast) {
    parts.push(trans.__('val accuracy %1 at the last epoch, which is kept', accuracy(run.valAccuracy, run)));
  } else if (run.valAccuracy !== null && run.mostAccurate) {
    parts.push(trans.__('val accuracy %1, the highest (epoch %2)', accuracy(run.valAccuracy, run), run.best));
  } else if (run.valAccuracy !== null) {
    parts.push(trans.__('val accuracy %1 at the lowest validation loss (epoch %2)', accuracy(run.valAccuracy, run), run.best));
  }
  if (run.highestValAccuracy !== null && !onlyChose(run) && !run.mostAccurate) {
    parts.push(trans.__('highest %1 (epoch %2)', percent(run.highestValAccuracy), run.highestValEpoch));
  }
  if (run.state === 'running' && run.leftMS > 0) {
    parts.push(trans.__('%1 left', duration(run.leftMS / 1000, trans)));
  }
  if (run.state !== 'running' && run.seconds > 0) {
    parts.push(trans.__('took %1', duration(run.seconds, trans)));
  }
  if (run.rate > 0) {
    parts.push(trans.__('%1 images per second', Math.round(run.rate)));
  }
  return parts.join(' · ');
}

/** How many epochs are completed; those that were planned count while the run may still reach them. */
export function epochs(run: IRun, trans: Translation): string {
  return run.state === 'running' || run.state === 'done'
    ? trans.__('epoch %1 of %2', run.epoch, run.epochs)
    : trans.__('%1 epochs', run.epoch);
}

/** The validation accuracy of a run, with its 95 % interval where few images make it wide. */
export function accuracy(fraction: number, run: IRun): string {
  if (run.valInterval === null) {
    return percent(fraction);
  }
  const [low, high] = run.valInterval.map(end => (100 * end).toFixed(0));
  return `${percent(fraction)} (${low} to ${high})`;
}

/** A fraction as a percentage. */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

/** Seconds in seconds, minutes or hours. */
export function duration(seconds: number, trans: Translation): string {
  if (seconds < 9.95) {
    return trans.__('%1 s', seconds.toFixed(1));
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return trans.__('%1 s', whole);
  }
  if (whole < 3600) {
    return trans.__('%1 min %2 s', Math.floor(whole / 60), whole % 60);
  }
  return trans.__('%1 h %2 min', Math.floor(whole / 3600), Math.floor((whole % 3600) / 60));
}

function value(v: number | null, fraction: boolean): string {
  if (v === null) {
    return '';
  }
  return fraction ? percent(v) : v.toPrecision(4);
}

/** A line of a magic with an argument that may hold spaces, and that is no flag. */
export function magicLine(magic: string, argument: string): string {
  return `%${magic} ${noFlag(argument)}`;
}

/** A word as a magic reads it that takes it for no flag. */
export function noFlag(word: string): string {
  return `${word.startsWith('-') ? '-- ' : ''}${quoted(word)}`;
}

/** A line of a magic that uses the model of a run. */
export function runLine(magic: string, run: string): string {
  return `%${magic} --run ${quoted(run)}`;
}

/** The lines of magics that a finished run offers. */
export const LINES = {
  evaluate: (run: string) => runLine('evaluate', run),
  predict: (run: string) => runLine('predict @val --limit 8', run),
  save: (run: string) => `${magicLine('save', `models/${run}`)} --run ${quoted(run)}`,
  export: (run: string) => `%export onnx --out ${quoted(`${run}.onnx`)} --run ${quoted(run)}`,
  verify: (run: string) => magicLine('verify', run)
} as const;

/** What would end a line of a cell, or show it in another order than it is read. */
const NOT_IN_A_LINE = /[\p{Cc}\u2028\u2029\p{Bidi_Control}]+/gu;

/**
 * A word as the kernel's magics read it: in double quotes where it holds what they would split or interpret, such as @NAME for a Go
 * variable. It stays on its line, since names come from untrusted notebooks: what follows a line break would be a line of the cell.
 */
export function quoted(word: string): string {
  const line = word.replace(NOT_IN_A_LINE, ' ');
  return /^[\w./:+,=-][\w./:@+,=-]*$/.test(line) ? line : `"${line.replace(/[\\"]/g, '\\$&')}"`;
}

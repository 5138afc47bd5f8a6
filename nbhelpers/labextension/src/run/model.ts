import type { IRun, ISeries } from './data';

/** The curves of one quantity. */
export interface IPanel {
  name: string;
  /** Whether values are shares of one, written as percentages. */
  fraction: boolean;
  lines: ILine[];
}

export interface ILine {
  name: string;
  values: (number | null)[];
}

/** Group series by their quantity, in the order in which they came. */
export function panels(series: readonly ISeries[]): IPanel[] {
  const found = new Map<string, IPanel>();
  for (const { panel, name, values } of series) {
    let at = found.get(panel);
    if (!at) {
      at = { name: panel, fraction: isFraction(panel), lines: [] };
      found.set(panel, at);
    }
    at.lines.push({ name, values });
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
  return panel === 'accuracy';
}

/** The series that tells most about a run at a glance: its validation accuracy, else its first. */
export function headline(run: IRun): (number | null)[] {
  const found = run.series.find(s => s.panel === 'accuracy' && s.name === 'validation');
  return (found ?? run.series[0])?.values ?? [];
}

/** A table of a run's epochs: a header and a row for each epoch. */
export function epochTable(run: IRun): { header: string[]; rows: string[][] } {
  const header = ['epoch', ...run.series.map(s => `${s.name} ${s.panel}`)];
  const count = Math.max(0, ...run.series.map(s => s.values.length));
  const rows = Array.from({ length: count }, (_, epoch) => [
    String(epoch + 1),
    ...run.series.map(s => value(s.values[epoch] ?? null, isFraction(s.panel)))
  ]);
  return { header, rows };
}

/** Where a run comes from, as names and values; what is unknown is left out. */
export function provenance(run: IRun): [string, string][] {
  const rows: [string, string][] = [
    ['run', run.id],
    ['model', run.model],
    ['dataset', run.dataset],
    ['images', run.images ? String(run.images) : ''],
    ['backend', run.backend],
    ['started', run.started.replace('T', ' ').slice(0, 19)],
    ['took', run.seconds ? duration(run.seconds) : ''],
    ...run.facts
  ];
  return rows.filter(([, text]) => text !== '');
}

/** One line about where a run stands. */
export function summary(run: IRun): string {
  const parts = [`epoch ${run.epoch} of ${run.epochs}`];
  if (run.valAccuracy !== null) {
    parts.push(`best validation accuracy ${percent(run.valAccuracy)}`);
  }
  if (run.state === 'running' && run.leftMS > 0) {
    parts.push(`${duration(run.leftMS / 1000)} left`);
  }
  if (run.state !== 'running' && run.seconds > 0) {
    parts.push(`took ${duration(run.seconds)}`);
  }
  if (run.rate > 0) {
    parts.push(`${Math.round(run.rate)} images a second`);
  }
  return parts.join(' · ');
}

/** A share of one as a percentage. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Seconds in the units that people use. */
export function duration(seconds: number): string {
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  }
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

function value(v: number | null, fraction: boolean): string {
  if (v === null) {
    return '';
  }
  return fraction ? percent(v) : v.toPrecision(4);
}

/** A line of a magic with an argument that may hold spaces. */
export function magicLine(magic: string, argument: string): string {
  return `%${magic} ${quoted(argument)}`;
}

/** A word as the kernel's magics read it: in double quotes where it holds what they would split or interpret. */
export function quoted(word: string): string {
  return /^[\w./:@+,=-]+$/.test(word) ? word : `"${word.replace(/[\\"]/g, '\\$&')}"`;
}

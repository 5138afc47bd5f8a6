import { text } from '../json';

/** A property of compared runs: a hyper-parameter, or what else makes or measures their models. */
export interface ISetting {
  name: string;
  /** One for each run, in their order. */
  values: string[];
  differs: boolean;
  /** Whether it came out of the training, and was not chosen before it. */
  measure: boolean;
}

/** Read the answer of the magic `runs` to the action `compare`. */
export function readSettings(answer: unknown): ISetting[] {
  const list = (answer as { settings?: unknown } | null)?.settings;
  return Array.isArray(list) ? list.map(readSetting) : [];
}

function readSetting(json: Record<string, unknown> | null): ISetting {
  return {
    name: text(json?.name),
    values: Array.isArray(json?.values) ? json.values.map(text) : [],
    differs: json?.differs === true,
    measure: json?.measure === true
  };
}

/** The settings of a table: the choices that differ, what was measured, and unless only those are wanted the other choices. */
export function shownSettings(settings: readonly ISetting[], onlyDiffering: boolean): ISetting[] {
  const differing = settings.filter(({ differs, measure }) => differs && !measure);
  const measured = settings.filter(({ measure }) => measure);
  const same = settings.filter(({ differs, measure }) => !differs && !measure);
  return [...differing, ...measured, ...(onlyDiffering ? [] : same)];
}

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

/** The settings that a table shows: all, or those that are not the same in all runs; what was measured always. */
export function shownSettings(settings: readonly ISetting[], onlyDiffering: boolean): ISetting[] {
  return settings.filter(setting => !onlyDiffering || setting.differs || setting.measure);
}

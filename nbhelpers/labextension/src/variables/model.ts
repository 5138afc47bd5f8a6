import { number, text } from '../json';

/** A variable of Go cells that has a value. */
export interface IVariable {
  name: string;
  type: string;
  /** As Go prints it, shortened. */
  value: string;
  bytes: number;
  /** Other variables that share memory with it. */
  shared: string[];
}

/** The variables of an answer of %vars; what is not one is left out. */
export function readVariables(answer: unknown): IVariable[] {
  const list = (answer as { variables?: unknown } | null)?.variables;
  if (!Array.isArray(list)) {
    return [];
  }
  return list.flatMap((entry: Record<string, unknown> | null) => {
    const name = text(entry?.name);
    if (!entry || !name) {
      return [];
    }
    const shared = Array.isArray(entry.shared) ? entry.shared.map(text).filter(other => other !== '') : [];
    return [{ name, type: text(entry.type), value: text(entry.value), bytes: number(entry.bytes), shared }];
  });
}

/** Those whose name or type holds a text, whatever its case. */
export function matching(variables: readonly IVariable[], sought: string): IVariable[] {
  const part = sought.trim().toLowerCase();
  return variables.filter(({ name, type }) => name.toLowerCase().includes(part) || type.toLowerCase().includes(part));
}

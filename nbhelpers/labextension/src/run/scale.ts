/** A step of 1, 2 or 5 times a power of ten, at least as large as the one given. */
export function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5, 10].find(f => f * power >= step * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** The range of an axis, with its ticks. */
export interface IAxis {
  low: number;
  high: number;
  ticks: number[];
}

/** An axis for values, rounded outward to its ticks. */
export function valueAxis(values: readonly number[], fraction: boolean): IAxis {
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (values.length === 0) {
    [low, high] = [0, 1];
  }
  if (high - low < 1e-9) {
    const half = Math.max(Math.abs(high) * 0.1, 0.05);
    [low, high] = [low - half, high + half];
  }
  const step = niceStep((high - low) / 4);
  low = Math.floor(low / step + 1e-9) * step;
  high = Math.ceil(high / step - 1e-9) * step;
  if (fraction) {
    low = Math.max(0, low);
    high = Math.min(1, high);
  }
  return { low, high, ticks: range(low, high, step) };
}

/** An axis of whole epochs from 1. */
export function epochAxis(last: number): IAxis {
  const high = Math.max(2, last);
  const step = Math.max(1, niceStep(high / 6));
  const ticks = range(step, high, step);
  return { low: 1, high, ticks: step > 1 ? [1, ...ticks] : ticks };
}

/** A tick's label, with as many decimals as the step needs. */
export function tickLabel(axis: IAxis, value: number, fraction: boolean): string {
  const step = axis.ticks.length > 1 ? axis.ticks[1] - axis.ticks[0] : 1;
  const scaled = fraction ? 100 : 1;
  const decimals = Math.min(6, Math.max(0, Math.ceil(-Math.log10(step * scaled) - 1e-9)));
  return (value * scaled).toFixed(decimals) + (fraction ? ' %' : '');
}

function range(low: number, high: number, step: number): number[] {
  const count = Math.floor((high - low) / step + 1e-6);
  return Array.from({ length: count + 1 }, (_, i) => low + i * step);
}

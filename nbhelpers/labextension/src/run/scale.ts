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

/** A logarithmic axis for positive values, which ends at them; its ticks are powers of ten. */
export function logAxis(values: readonly number[]): IAxis {
  const known = values.filter(v => v > 0 && Number.isFinite(v));
  let [low, high] = known.length > 0 ? [Math.min(...known), Math.max(...known)] : [1, 10];
  if (low === high) {
    [low, high] = [low / 2, high * 2];
  }
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first + 1) / MOST_POWERS));
  const ticks = range(first, Math.max(first, last), step).map(power => 10 ** power);
  const within = ticks.filter(tick => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
  return { low, high, ticks: within.length > 1 ? within : [low, high] };
}

/** The ratio of the largest to the smallest value from which the figures in the other forms have a logarithmic axis as well. */
const LOG_FROM = 30;

/** Whether a logarithmic axis shows more of some values than a linear one: all are positive, and they span orders of magnitude. */
export function needsLog(values: readonly number[], fraction: boolean): boolean {
  const low = Math.min(...values);
  return values.length > 0 && !fraction && low > 0 && Math.max(...values) / low >= LOG_FROM;
}

/** How many labels of powers of ten fit below a chart. */
const MOST_POWERS = 8;

/** A value of a logarithmic axis: 0.001, 30, 1e-5. */
export function logLabel(value: number): string {
  return Number(value.toPrecision(3)).toString();
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

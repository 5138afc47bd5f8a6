import { shape } from '../dom';
import type { Translation } from '../translation';
import type { IPanel } from './model';
import { epochAxis, logAxis, logLabel, needsLog, tickLabel, valueAxis } from './scale';

// In CSS pixels.
const HEIGHT = 230;
const LEFT = 52;
const TOP = 34;
const LEGEND_ROW = 16;
/** Narrower charts have their legend in a row of its own. */
const NARROW = 300;
const BOTTOM = 190;
const MARGIN = 12;

/** Lines differ in their dashes and markers as well as in color; the second, which is the validation, is solid. */
const DASHES = ['5 3', '', '2 2', '8 2 2 2', '4 4', '10 3'];

type Point = [number, number];

/** What a chart may have other than the usual: its width in CSS pixels, and what its values are counted in. */
export interface IChartOptions {
  width?: number;
  axis?: string;
}

/** A chart of curves over epochs, with the best epoch marked; 0 marks none. Lines with places of their own have a logarithmic axis. */
export function chart(panel: IPanel, best: number, trans: Translation, options: IChartOptions = {}): SVGElement {
  const { width = 360, axis = trans.__('epoch') } = options;
  const right = width - MARGIN;
  const top = width < NARROW ? TOP + LEGEND_ROW : TOP;
  const values = panel.lines.flatMap(line => line.values.filter(v => v !== null));
  const last = Math.max(0, ...panel.lines.map(line => line.values.length));
  const places = panel.lines.flatMap(line => line.at ?? []);
  const log = places.length > 0;
  const across = log ? logAxis(places) : epochAxis(last);
  const upLog = needsLog(values, panel.fraction);
  const up = upLog ? logAxis(values) : valueAxis(values, panel.fraction);
  const along = log ? Math.log : (place: number) => place;
  const x = (place: number) =>
    LEFT + ((along(place) - along(across.low)) / (along(across.high) - along(across.low))) * (right - LEFT);
  const high = upLog ? Math.log : (value: number) => value;
  const y = (value: number) => BOTTOM - ((high(value) - high(up.low)) / (high(up.high) - high(up.low))) * (BOTTOM - top);

  const drawn = shape('svg', {
    class: width > 500 ? 'hs-chart hs-chart-wide' : 'hs-chart',
    viewBox: `0 0 ${width} ${HEIGHT}`,
    width,
    height: HEIGHT,
    role: 'img',
    'aria-label': describe(panel, axis, best, trans)
  });
  const title = upLog ? trans.__('%1 (log)', panel.name) : panel.name;
  drawn.append(shape('text', { class: 'hs-chart-title', x: 8, y: 16 }, title));
  for (const tick of up.ticks) {
    drawn.append(
      shape('line', { class: 'hs-grid', x1: LEFT, x2: right, y1: y(tick), y2: y(tick) }),
      shape('text', { x: LEFT - 6, y: y(tick) + 4, 'text-anchor': 'end' }, upLog ? logLabel(tick) : tickLabel(up, tick, panel.fraction))
    );
  }
  for (const tick of across.ticks) {
    const label = log ? logLabel(tick) : String(tick);
    const atEdge = x(tick) + 4 * label.length > width; // a digit is about 8 pixels wide
    drawn.append(shape('text', { x: atEdge ? width - 2 : x(tick), y: BOTTOM + 16, 'text-anchor': atEdge ? 'end' : 'middle' }, label));
  }
  drawn.append(shape('text', { x: (LEFT + right) / 2, y: HEIGHT - 8, 'text-anchor': 'middle' }, axis));
  if (best > 0 && best <= last) {
    drawn.append(
      shape('line', { class: 'hs-best', x1: x(best), x2: x(best), y1: top, y2: BOTTOM }),
      shape('text', { class: 'hs-best-label', x: x(best), y: top - 3, 'text-anchor': 'middle' }, trans.__('best'))
    );
  }
  panel.lines.forEach((line, i) => {
    const points = line.values.flatMap((v, i): Point[] => (v === null ? [] : [[x(line.at?.[i] ?? i + 1), y(v)]]));
    drawn.append(curve(points, i, last <= 40));
  });
  drawn.append(...legend(panel, title, width));
  if (values.length === 0) {
    drawn.append(
      shape('text', { x: (LEFT + right) / 2, y: HEIGHT / 2, 'text-anchor': 'middle' }, trans.__('waiting for the first epoch'))
    );
  }
  return drawn;
}

/** A curve small enough for a row of a list; screen readers skip it, since the row's text has the numbers. */
export function sparkline(values: readonly (number | null)[]): SVGElement {
  const known = values.flatMap((v, i): Point[] => (v === null ? [] : [[i, v]]));
  const drawn = shape('svg', { class: 'hs-spark', viewBox: '0 0 80 20', width: 80, height: 20, 'aria-hidden': 'true' });
  if (known.length > 1) {
    const low = Math.min(...known.map(p => p[1]));
    const high = Math.max(...known.map(p => p[1]));
    const points = known.map(([i, v]): Point => [
      2 + (i / (values.length - 1)) * 76,
      18 - ((v - low) / Math.max(high - low, 1e-9)) * 16
    ]);
    drawn.append(shape('polyline', { class: 'hs-line hs-series-1', points: join(points) }));
  }
  return drawn;
}

function curve(points: Point[], index: number, markers: boolean): SVGElement {
  const series = `hs-series-${index % DASHES.length}`;
  const group = shape('g', { class: series });
  group.append(
    shape('polyline', { class: 'hs-line', points: join(points), 'stroke-dasharray': DASHES[index % DASHES.length] })
  );
  if (markers) {
    group.append(...points.map(point => marker(point, index)));
  }
  return group;
}

function marker([x, y]: Point, index: number): SVGElement {
  switch (index % 3) {
    case 0:
      return shape('circle', { cx: x, cy: y, r: 2.5 });
    case 1:
      return shape('rect', { x: x - 2.5, y: y - 2.5, width: 5, height: 5 });
    default:
      return shape('path', { d: `M${x} ${y - 3.5}L${x + 3.5} ${y + 2.5}L${x - 3.5} ${y + 2.5}Z` });
  }
}

function legend(panel: IPanel, title: string, width: number): SVGElement[] {
  // A letter of the legend is at most 7 pixels wide on average; the entries divide the space right of the title.
  const start = width < NARROW ? 8 : 24 + title.length * 7;
  const line = width < NARROW ? 12 + LEGEND_ROW : 12;
  const room = Math.min(width > 500 ? 200 : 110, (width - start) / Math.max(1, panel.lines.length));
  return panel.lines.map(({ name: whole }, i) => {
    const at = start + i * room;
    const letters = Math.floor((room - 34) / 7);
    const name = whole.length > letters ? whole.slice(0, Math.max(1, letters - 1)) + '…' : whole;
    return shape('g', {}, curve([[at, line], [at + 11, line], [at + 22, line]], i, false), curve([[at + 11, line]], i, true),
      shape('text', { x: at + 27, y: line + 4 }, name, shape('title', {}, whole)));
  });
}

function describe(panel: IPanel, axis: string, best: number, trans: Translation): string {
  const lines = panel.lines.map(line => {
    const last = line.values.filter(v => v !== null).at(-1);
    return last === undefined
      ? trans.__('%1: no value yet', line.name)
      : trans.__('%1: %2 at the end', line.name, last.toPrecision(3));
  });
  const over = trans.__('%1 by %2. %3.', panel.name, axis, lines.join('; '));
  return best > 0 ? `${over} ${trans.__('Best epoch %1.', best)}` : over;
}

function join(points: Point[]): string {
  return points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
}

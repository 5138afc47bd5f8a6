/** Properties that `element` sets: `class`, attributes, and listeners as `onclick` and the like. */
export type Props = Record<string, string | number | boolean | EventListener | undefined>;

type Child = Node | string | null | undefined | false;

/**
 * Make an element. Children that are text become text nodes: what comes from folders and notebooks is never markup.
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  fill(made, props, children);
  return made;
}

/** Make an element of SVG. */
export function shape(tag: string, props: Props = {}, ...children: Child[]): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  fill(made, props, children);
  return made;
}

/** Make a button with a spoken name. */
export function button(label: string, title: string, onclick: () => void): HTMLButtonElement {
  return element('button', { type: 'button', class: 'hs-button', title, 'aria-label': title, onclick }, label);
}

/** A choice with a spoken name; `none` is the entry that stands for no choice. A value may have a text of its own. */
export function select(
  label: string,
  values: readonly (string | [value: string, text: string])[],
  chosen: string,
  none: string | null,
  onchange: (value: string) => void
): HTMLSelectElement {
  const made = element('select', { 'aria-label': label, title: label });
  if (none !== null) {
    made.append(element('option', { value: '' }, none));
  }
  for (const entry of values) {
    const [value, text] = typeof entry === 'string' ? [entry, entry] : entry;
    made.append(element('option', { value, selected: value === chosen }, text));
  }
  made.addEventListener('change', () => onchange(made.value));
  return made;
}

function fill(made: Element, props: Props, children: Child[]): void {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) {
      continue;
    }
    if (typeof value === 'function') {
      made.addEventListener(name.slice(2), value);
    } else {
      made.setAttribute(name, value === true ? '' : String(value));
    }
  }
  for (const child of children) {
    if (child) {
      made.append(child);
    }
  }
}

/**
 * Take what is chosen of a list of actions. Arrow keys and letters choose each entry that they come to, also where the list is closed: what
 * they choose is taken with Enter.
 */
export function onChosen(list: HTMLSelectElement, take: (value: string) => void): void {
  let pressing = false;
  let waiting = false;
  list.addEventListener('keydown', event => {
    if (event.key === 'Enter' && waiting) {
      event.preventDefault(); // it would open the list
      waiting = false;
      take(list.value);
      return;
    }
    pressing = true;
    setTimeout(() => (pressing = false)); // what the key chooses is told before; what an open list chooses, later
  });
  list.addEventListener('change', () => {
    waiting = pressing && list.value !== '';
    if (!waiting && list.value !== '') {
      take(list.value);
    }
  });
  list.addEventListener('blur', () => {
    if (waiting) {
      waiting = false;
      list.value = '';
    }
  });
}

/** What the keyboard may stand on. */
const FOCUSABLE = 'button, input, select, summary, [tabindex]';

/** Draw the inside of a node anew, and leave the keyboard's focus on what is the same as before; else on the node itself. */
export function keepFocus(node: HTMLElement, draw: () => void): void {
  const had = node.ownerDocument?.activeElement ?? null;
  if (!had || had === node || !node.contains(had)) {
    draw();
    return;
  }
  const alike = () => [...node.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(one => identity(one) === identity(had));
  const place = alike().indexOf(had as HTMLElement);
  draw();
  if (node.contains(had)) {
    return;
  }
  const target = alike().at(place);
  if (target && !target.matches(':disabled')) {
    target.focus({ preventScroll: true });
  } else {
    node.tabIndex = -1;
    node.focus({ preventScroll: true });
  }
}

/** By which an element is found again in what is drawn in its place. */
function identity(one: Element): string {
  return [one.tagName, one.getAttribute('data-path') ?? one.getAttribute('aria-label') ?? one.textContent].join(' ');
}

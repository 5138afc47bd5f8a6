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

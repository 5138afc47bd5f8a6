import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { keepFocus, onChosen } from './dom';

/** A list of actions without a page. */
class List extends EventTarget {
  value = '';

  /** Press a key, which chooses a value, as browsers do on a closed list; null: it chooses none. */
  press(key: string, value: string | null = null): void {
    const event = Object.assign(new Event('keydown', { cancelable: true }), { key });
    this.dispatchEvent(event);
    if (value !== null) {
      this.choose(value);
    }
  }

  choose(value: string): void {
    this.value = value;
    this.dispatchEvent(new Event('change'));
  }
}

describe('onChosen', () => {
  let list: List;
  const take = vi.fn();

  beforeEach(() => {
    vi.useFakeTimers();
    take.mockClear();
    list = new List();
    onChosen(list as unknown as HTMLSelectElement, take);
  });
  afterEach(() => void vi.useRealTimers());

  it('takes what the pointer chooses, also after a key', () => {
    list.choose('glass');
    list.press('Tab');
    vi.runAllTimers();
    list.choose('metal');
    list.choose('');
    expect(take.mock.calls).toEqual([['glass'], ['metal']]);
  });

  it('takes what arrow keys choose with Enter, once, and no entry on the way', () => {
    list.press('ArrowDown', 'glass');
    vi.runAllTimers();
    list.press('ArrowDown', 'metal');
    vi.runAllTimers();
    expect(take).not.toHaveBeenCalled();
    list.press('Enter');
    list.press('Enter');
    expect(take.mock.calls).toEqual([['metal']]);
  });

  it('takes nothing that was left without Enter', () => {
    list.press('ArrowDown', 'glass');
    list.dispatchEvent(new Event('blur'));
    list.press('Enter');
    expect(take).not.toHaveBeenCalled();
    expect(list.value).toBe('');
  });
});

describe('keepFocus', () => {
  const page = { activeElement: null as unknown };

  /** A button without a page. */
  function button(label: string, disabled = false) {
    const made = {
      tagName: 'BUTTON', textContent: '', getAttribute: (name: string) => (name === 'aria-label' ? label : null),
      matches: () => disabled, focus: () => void (page.activeElement = made)
    };
    return made;
  }

  /** A node with some buttons. */
  function node(...buttons: ReturnType<typeof button>[]) {
    const made = {
      ownerDocument: page, tabIndex: 0, buttons, contains: (one: unknown) => made.buttons.includes(one as never),
      querySelectorAll: () => made.buttons, focus: () => void (page.activeElement = made)
    };
    return made;
  }

  const redraw = (of: ReturnType<typeof node>, ...buttons: ReturnType<typeof button>[]) =>
    keepFocus(of as unknown as HTMLElement, () => (of.buttons = buttons));

  it('finds the button that stands for the one before', () => {
    const of = node(button('Stop'), button('Attach'), button('Attach'));
    of.buttons[2].focus();
    redraw(of, button('Attach'), button('Stop'), button('Attach'));
    expect(page.activeElement).toBe(of.buttons[2]);
  });

  it('stays inside where the element is gone or disabled', () => {
    const of = node(button('Stop'));
    of.buttons[0].focus();
    redraw(of, button('Evaluate'));
    expect(page.activeElement).toBe(of);
    const pages = node(button('Next page'));
    pages.buttons[0].focus();
    redraw(pages, button('Next page', true));
    expect(page.activeElement).toBe(pages);
    expect(pages.tabIndex).toBe(-1);
  });

  it('takes no focus that is elsewhere', () => {
    const elsewhere = button('Run');
    elsewhere.focus();
    redraw(node(button('Stop')), button('Stop'));
    expect(page.activeElement).toBe(elsewhere);
  });
});

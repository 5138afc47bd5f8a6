import { describe, expect, it, vi } from 'vitest';

import { translation } from '../translation';
import { Browser, moved, PAGE_SIZE, readPage } from './model';

const trans = translation(null);
const item = { path: 'glass/1.jpg', label: 'glass', split: 'val', thumb: 'aGk=', predicted: 'metal', probability: 0.9 };
const answer = (more: object = {}) => ({
  name: 'garbage', classes: [{ name: 'glass' }, { name: 'metal' }], datasets: ['garbage'], total: 100, items: [item], edits: 0, ...more
});

describe('readPage', () => {
  it('reads classes and items', () => {
    expect(readPage(answer())).toMatchObject({ classes: ['glass', 'metal'], items: [item] });
    expect(readPage(null).items).toEqual([]);
  });

  it('takes nothing but base64 for an image', () =>
    expect(readPage(answer({ items: [{ ...item, thumb: 'x" onload="y' }] })).items[0].thumb).toBe(''));
});

describe('Browser', () => {
  it('asks for pages, and for the first one of another class', async () => {
    const ask = vi.fn(async (_: object) => answer());
    const browser = new Browser(ask, trans);
    await browser.show();
    expect([browser.previous, browser.next]).toEqual([null, PAGE_SIZE]);
    await browser.show({ offset: browser.next! });
    expect(browser.previous).toBe(0);
    await browser.show({ className: 'metal' });
    expect(ask).toHaveBeenLastCalledWith({ dataset: 'garbage', class: 'metal', split: '', offset: 0, limit: PAGE_SIZE });
  });

  it('edits what is selected, and selects nothing afterwards', async () => {
    const ask = vi.fn(async (_: object) => answer({ edits: 1 }));
    const browser = new Browser(ask, trans);
    await browser.edit('delete');
    expect(browser.error).toBe('Select images first.');
    expect(ask).not.toHaveBeenCalled();
    browser.toggle('glass/1.jpg');
    await browser.edit('relabel', 'metal');
    expect(ask.mock.lastCall?.[0]).toMatchObject({ action: 'relabel', paths: ['glass/1.jpg'], to: 'metal' });
    expect(browser.selected.size).toBe(0);
    await browser.edit('undo');
    expect(ask.mock.lastCall?.[0]).toMatchObject({ action: 'undo' });
  });

  it('keeps what is selected where an edit fails', async () => {
    const ask = vi.fn(async (_: object) => answer());
    const browser = new Browser(ask, trans);
    await browser.show();
    browser.toggle('glass/1.jpg');
    ask.mockRejectedValueOnce(new Error('the plugin has ended'));
    await browser.edit('delete');
    expect([...browser.selected]).toEqual(['glass/1.jpg']);
    await browser.edit('delete');
    expect(ask.mock.lastCall?.[0]).toMatchObject({ paths: ['glass/1.jpg'] });
    expect(browser.selected.size).toBe(0);
  });

  it('shows the page before where the last one has no image left', async () => {
    let total = 97;
    const ask = vi.fn(async (asked: object) => {
      const { offset } = asked as { offset: number };
      return answer({ total, items: offset < total ? [item] : [] });
    });
    const browser = new Browser(ask, trans);
    await browser.show();
    await browser.show({ offset: 96 });
    browser.toggle('glass/1.jpg');
    total = 96;
    await browser.edit('delete');
    expect(browser.offset).toBe(48);
    expect(browser.page?.items).toHaveLength(1);
    expect(ask.mock.calls.filter(([asked]) => 'action' in asked)).toHaveLength(1); // the edit is written once
  });

  it('shows the answer to the last question, whichever comes last', async () => {
    const waiting: ((answer: object) => void)[] = [];
    const browser = new Browser(() => new Promise(resolve => waiting.push(resolve)), trans);
    const first = browser.show({ className: 'glass' });
    const second = browser.show({ className: 'metal' });
    waiting[1](answer({ total: 2 }));
    waiting[0](answer({ total: 1 }));
    await Promise.all([first, second]);
    expect(browser.page?.total).toBe(2);
    expect(browser.busy).toBe(false);
  });

  it('keeps the page when a request fails', async () => {
    let fail = false;
    const browser = new Browser(async () => {
      if (fail) {
        throw new Error('it has no image "x"');
      }
      return answer();
    }, trans);
    await browser.show();
    fail = true;
    await browser.show();
    expect(browser.error).toBe('it has no image "x"');
    expect(browser.page?.total).toBe(100);
  });
});

it.each([
  [0, 'ArrowRight', 1],
  [0, 'ArrowLeft', 0],
  [1, 'ArrowDown', 4],
  [4, 'ArrowUp', 1],
  [6, 'ArrowDown', 6],
  [3, 'Home', 0],
  [3, 'End', 7],
  [3, 'x', 3]
])('from %d, %s leads to %d in a grid of three columns and eight images', (at, key, to) =>
  expect(moved(at, key, 3, 8)).toBe(to)
);

import { describe, expect, it } from 'vitest';

import { translation } from '../translation';
import { Browser } from './model';
import { changeFor, DataNews, readDataNews } from './news';

const was = readDataNews({ dataset: 'photos', digest: 'a', edits: 1, model: 'net', run: 'first' });
const shown = { dataset: 'photos', offset: 48, page: { edits: 1 } };

it('asks again where what it shows has changed', () => {
  expect(changeFor(was, { ...was, run: 'second' }, shown)).toEqual({ offset: 48 });
  expect(changeFor(was, { ...was, digest: 'b' }, shown)).toEqual({ offset: 48 });
  expect(changeFor(was, { ...was, digest: 'b', edits: 2 }, shown)).toEqual({ offset: 48 });
});

it('follows the current dataset', () => {
  expect(changeFor(was, { ...was, dataset: 'other' }, shown)).toEqual({ dataset: 'other', offset: 0 });
  expect(changeFor(was, { ...was, dataset: 'other' }, { ...shown, dataset: 'chosen' })).toBeNull();
  expect(changeFor(null, was, { dataset: '', offset: 0, page: null })).toEqual({ dataset: 'photos', offset: 0 });
});

it('asks nothing where it shows that already', () => {
  expect(changeFor(null, was, shown)).toBeNull();
  expect(changeFor(was, was, shown)).toBeNull();
  expect(changeFor(was, { ...was, digest: 'b', edits: 2 }, { ...shown, page: { edits: 2 } })).toBeNull(); // an edit of its own
  expect(changeFor(was, { ...was, run: 'second' }, { ...shown, dataset: 'chosen' })).toBeNull();
  expect(changeFor(was, readDataNews(null), shown)).toBeNull();
});

describe('DataNews', () => {
  const page = { name: 'photos', edits: 1 };

  /** A browser that has shown its first page, what it waits for, and the news of it. */
  async function browsing() {
    const answers: ((page: object) => void)[] = [];
    const browser = new Browser(() => new Promise(resolve => answers.push(resolve)), translation(null));
    const first = browser.show();
    const news = new DataNews();
    news.hear(was);
    expect(news.change(browser)).toBeNull();
    answers[0](page);
    await first;
    expect(news.change(browser)).toBeNull(); // the page is as new as these
    return { browser, news, answers };
  }

  it('keeps what comes while a page loads until it is shown', async () => {
    const { browser, news, answers } = await browsing();
    const shows = browser.show({ offset: 48 });
    news.hear({ ...was, run: 'second' });
    expect(news.change(browser)).toBeNull();
    news.hear({ ...was, run: 'second' });
    answers[1](page);
    await shows;
    expect(news.change(browser)).toEqual({ offset: 48 });
    expect(news.change(browser)).toBeNull(); // once
  });

  it('asks nothing after an edit of its own', async () => {
    const { browser, news, answers } = await browsing();
    const edits = browser.edit('undo');
    news.hear({ ...was, digest: 'b', edits: 2 });
    answers[1]({ ...page, edits: 2 });
    await edits;
    expect(news.change(browser)).toBeNull();
  });

  it('misses nothing between its first news and its first page', async () => {
    const browser = new Browser(async () => page, translation(null));
    const news = new DataNews();
    const first = browser.show();
    news.hear(was);
    news.hear({ ...was, run: 'second' });
    await first;
    expect(news.change(browser)).toEqual({ offset: 0 });
  });

  it('follows the dataset that was loaded while it asked for one in vain', async () => {
    const browser = new Browser(() => Promise.reject(new Error('There is no dataset.')), translation(null));
    const news = new DataNews();
    const first = browser.show();
    news.hear(was);
    await first;
    expect(news.change(browser)).toEqual({ dataset: 'photos', offset: 0 });
  });
});

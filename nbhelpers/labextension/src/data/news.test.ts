import { expect, it } from 'vitest';

import { changeFor, readDataNews } from './news';

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

import { expect, it } from 'vitest';

import { Activity } from './activity';

it('has news while a cell runs and once after it, however short it was', () => {
  const cells = { busy: false, begun: 0 };
  const activity = new Activity(cells);
  expect(activity.news).toBe(false);
  cells.begun = 1; // begun and ended between two looks
  expect(activity.news).toBe(true);
  expect(activity.news).toBe(false);
  cells.begun = 2;
  cells.busy = true;
  expect(activity.news).toBe(true);
  expect(activity.news).toBe(true);
  cells.busy = false;
  expect(activity.news).toBe(true);
  expect(activity.news).toBe(false);
});

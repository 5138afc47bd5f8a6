import { expect, it, vi } from 'vitest';

import { Permission } from './follow';

const settled = () => new Promise(resolve => setTimeout(resolve));

function kernel(warm: boolean, asked: boolean) {
  return { warm, hasBeenAsked: vi.fn(async () => asked) };
}

it('waits for a click where nobody has asked the kernel', async () => {
  const changed = vi.fn();
  const permission = new Permission(changed);
  const cold = kernel(false, false);
  expect(permission.given(cold)).toBe(false);
  await settled();
  expect(permission.given(cold)).toBe(false);
  expect(changed).not.toHaveBeenCalled();
  expect(cold.hasBeenAsked).toHaveBeenCalledTimes(1);
  permission.click();
  expect(changed).toHaveBeenCalledTimes(1);
  expect(permission.given(cold)).toBe(true);
});

it('follows at once where the plugin runs', () => {
  const warm = kernel(true, false);
  expect(new Permission(() => {}).given(warm)).toBe(true);
  expect(warm.hasBeenAsked).not.toHaveBeenCalled();
});

it('follows after a look where another page has asked', async () => {
  const changed = vi.fn();
  const permission = new Permission(changed);
  const asked = kernel(false, true);
  expect(permission.given(asked)).toBe(false);
  await settled();
  expect(changed).toHaveBeenCalledTimes(1);
  expect(permission.given(asked)).toBe(true);
  expect(permission.given(kernel(false, false))).toBe(false);
});

it('takes a kernel that does not answer for one that was not asked', async () => {
  const permission = new Permission(() => {});
  const silent = { warm: false, hasBeenAsked: () => Promise.reject(new Error('the kernel died')) };
  expect(permission.given(silent)).toBe(false);
  await settled();
  expect(permission.given(silent)).toBe(false);
});

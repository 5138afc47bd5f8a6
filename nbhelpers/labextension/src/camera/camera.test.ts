import { expect, it, vi } from 'vitest';

import { translation } from '../translation';
import { cameraProblem, frameSize, openCamera } from './camera';

const trans = translation(null);

it.each([
  ['NotAllowedError', 'not allowed'],
  ['SecurityError', 'not allowed'],
  ['NotFoundError', 'No camera was found'],
  ['NotReadableError', 'Another program'],
  ['OtherError', 'could not be opened: why']
])('%s is said as "%s"', (name, text) => expect(cameraProblem({ name, message: 'why' }, trans)).toContain(text));

it('says that an origin is not secure, and asks for nothing there', async () => {
  const getUserMedia = vi.fn();
  await expect(openCamera({ isSecureContext: false, navigator: { mediaDevices: { getUserMedia } } }, trans)).rejects.toThrow('https');
  await expect(openCamera({ isSecureContext: true, navigator: {} }, trans)).rejects.toThrow('https');
  expect(getUserMedia).not.toHaveBeenCalled();
});

it('says what the browser says', async () => {
  const refuse = () => Promise.reject(Object.assign(new Error('x'), { name: 'NotFoundError' }));
  await expect(openCamera({ isSecureContext: true, navigator: { mediaDevices: { getUserMedia: refuse } } }, trans)).rejects.toThrow('No camera');
});

it.each([
  [1920, 1080, [480, 270]],
  [320, 240, [320, 240]],
  [480, 640, [360, 480]],
  [0, 0, [0, 0]]
])('a video of %d by %d gives frames of %j', (width, height, size) => expect(frameSize(width, height)).toEqual(size));

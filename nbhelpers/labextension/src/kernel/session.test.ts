import { Signal } from '@lumino/signaling';
import { expect, it, vi } from 'vitest';

import { translation } from '../translation';
import { KernelSession } from './session';

vi.mock('@jupyterlab/services', () => ({ KernelMessage: {} }));

it.each(['%dataset sample', 'x := 1\n%teach cat cat.jpg', '%serve resnet50', '%check 1'])('%j starts the plugin', code => {
  const iopubMessage = new Signal<object, object>({});
  const kernel = { statusChanged: new Signal<object, string>({}), connectionStatusChanged: new Signal<object, string>({}), iopubMessage };
  const session = new KernelSession(kernel as never, () => 1000, translation(null));
  expect(session.warm).toBe(false);
  iopubMessage.emit({ header: { msg_type: 'execute_input' }, content: { code } });
  expect(session.warm).toBe(true);
});

it('counts each restart before it tells of it', () => {
  const kernel = {
    statusChanged: new Signal<object, string>({}),
    connectionStatusChanged: new Signal<object, string>({}),
    iopubMessage: new Signal<object, object>({})
  };
  const session = new KernelSession(kernel as never, () => 1000, translation(null));
  const told: number[] = [];
  session.restarted.connect(() => void told.push(session.restarts));
  for (let i = 0; i < 2; i++) {
    kernel.statusChanged.emit('restarting');
    kernel.connectionStatusChanged.emit('connected');
    expect(session.restarts).toBe(i);
    kernel.statusChanged.emit('idle');
    kernel.statusChanged.emit('busy');
  }
  expect(told).toEqual([1, 2]);
  expect(session.restarts).toBe(2);
});

// Every magic of the transfer plugin on photographs, with weights that were trained on ImageNet, as one works in JupyterLab.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

import { openLab, runAll, saveNotebook, screenshot, showCell, useBrowser, writeNotebook } from './lab.mjs';

const use = useBrowser();
const data = path.join(process.env.HEADSTART_SHARED ?? '', 'data');
const photos = path.join(data, 'trashnet-6c', 'data');
const weights = path.join(data, 'resnet50-caffe-partial', 'resnet50_caffe_partial.safetensors');
const missing = [photos, weights].find(file => !fs.existsSync(file));

/** Minutes of computing on two cores: the features of 480 photographs, and of some of them again. */
const patient = { timeout: 600_000, skip: missing && `needs data: no ${missing}` };

/** What is run, and what has to be read below it. */
const cells = [
  [`%dataset load ${photos} --name trash`, /480 images/],
  ['%dataset show trash --class glass', /glass/],
  ['%dataset show trash --augmented --augment "flip,rotate:10,zoom:0.1"', /flip/],
  [`%model resnet50 --weights ${weights} --cut conv4 --head "dense:64:relu,dropout:0.2"`, /frozen/],
  ['%train --epochs 20 --run sorted', /val accuracy/],
  ['%evaluate', /macro average/],
  [`%predict ${path.join(photos, 'glass')} --top 3`, /glass/],
  [`%explain ${path.join(photos, 'metal')}/METAL`, /metal/],
  ['%clean trash', /doubt/],
  ['%tune --trials 12 --epochs 5', /trial/],
  ['%train --find-lr', /learning-rate/],
  ['%runs', /sorted/],
  ['%attach sorted', /sorted/],
  ['%verify sorted', /identical/],
  ['%save trash-model', /saved/],
  ['%load trash-model', /trash-model/],
  ['%export onnx --out trash.onnx', /trash\.onnx/],
  ['%export torch --out trash-torch', /torch/]
];

describe('photographs', () => {
  it('are classified, explained, doubted and exported', patient, async () => {
    const { page } = use;
    const [metal] = fs.readdirSync(path.join(photos, 'metal')).sort();
    writeNotebook('trashnet.ipynb', cells.map(([source]) => ({ source: source.replace('METAL', metal) })));
    await openLab(page, 'trashnet.ipynb');
    await runAll(page);
    await page.waitForFunction(last => document.querySelector('.jp-OutputArea-output[data-mime-type*="error"]')
      || [...document.querySelectorAll('.jp-InputPrompt')].some(prompt => prompt.textContent.includes(`[${last}]`)),
    cells.length, { timeout: patient.timeout });
    const { cells: done } = await saveNotebook(page, 'trashnet.ipynb');
    for (const [i, [source]] of cells.entries()) {
      await showCell(page, i);
      await screenshot(page, `trashnet-${String(i + 1).padStart(2, '0')}-${source.split(' ')[0].slice(1)}`);
    }
    for (const [i, [source, shown]] of cells.entries()) {
      const errors = done[i].outputs.filter(output => output.output_type === 'error');
      assert.deepEqual(errors, [], source);
      assert.ok(shown.test(JSON.stringify(done[i].outputs)), `${source} does not show ${shown}`);
    }
  });
});

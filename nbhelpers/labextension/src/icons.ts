import { LabIcon } from '@jupyterlab/ui-components';

const frame = (body: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">${body}</svg>`;

/** A learning curve. */
export const runsIcon = new LabIcon({
  name: 'headstart:runs',
  svgstr: frame(
    '<path class="jp-icon3" fill="#616161" d="M3 3h2v16h16v2H3zM7.5 17.5 6.3 16C9 9 13 7 21 6.5l.1 2C14 9 10.500 11 7.500 17.500z"/>'
  )
});

/** A grid of images. */
export const dataIcon = new LabIcon({
  name: 'headstart:data',
  svgstr: frame(
    '<path class="jp-icon3" fill="#616161" d="M3 3h8v8H3zm10 0h8v8h-8zM3 13h8v8H3zm10 0h8v8h-8zm2 6h5l-2-3-1 1-1-1z" fill-rule="evenodd"/>'
  )
});

/** Bars of probabilities. */
export const predictIcon = new LabIcon({
  name: 'headstart:predict',
  svgstr: frame('<path class="jp-icon3" fill="#616161" d="M3 4h18v4H3zm0 6h11v4H3zm0 6h6v4H3z"/>')
});

/** A camera. */
export const captureIcon = new LabIcon({
  name: 'headstart:capture',
  svgstr: frame(
    '<path class="jp-icon3" fill="#616161" d="M8.500 5 10 3h4l1.500 2H20a1 1 0 0 1 1 1v13a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM12 8a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9zm0 2a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5z" fill-rule="evenodd"/>'
  )
});

/** An x in brackets. */
export const variablesIcon = new LabIcon({
  name: 'headstart:variables',
  svgstr: frame(
    '<path class="jp-icon3" fill="#616161" d="M3 3h5v2H5v14h3v2H3zm18 0h-5v2h3v14h-3v2h5zM8.500 8h2l1.500 2.600L13.500 8h2l-2.500 4 2.500 4h-2L12 13.400 10.500 16h-2l2.500-4z"/>'
  )
});

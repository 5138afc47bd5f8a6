import { element } from '../dom';
import type { Translation } from '../translation';

/** The longer side of a frame, in pixels: more than any model takes, little enough to send many of them a second. */
const SIDE = 480;

/** Of JPEG, from 0 to 1. */
const QUALITY = 0.9;

/** Where a page finds cameras. */
export interface IDevices {
  readonly isSecureContext: boolean;
  readonly navigator: { readonly mediaDevices?: Pick<MediaDevices, 'getUserMedia'> };
}

/** Ask the browser for a camera's images. Fails with what the user can do about it. */
export async function openCamera(devices: IDevices, trans: Translation): Promise<MediaStream> {
  const cameras = devices.navigator.mediaDevices;
  if (!devices.isSecureContext || !cameras) {
    throw new Error(
      trans.__('Browsers allow a camera only on https or on localhost. Open JupyterLab under such an address, or add files instead.')
    );
  }
  try {
    return await cameras.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 } }, audio: false });
  } catch (error) {
    throw new Error(cameraProblem(error, trans), { cause: error });
  }
}

/** Why there is no camera, and what to do: the names of errors are those of the standard of media devices. */
export function cameraProblem(error: unknown, trans: Translation): string {
  const { name, message } = error as Partial<Error>;
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return trans.__('The browser was not allowed to use the camera. Allow it beside the address of the page, and try again.');
    case 'NotFoundError':
    case 'OverconstrainedError':
      return trans.__('No camera was found. Connect one, or add files instead.');
    case 'NotReadableError':
    case 'AbortError':
      return trans.__('The camera cannot be read. Another program may be using it: close it, and try again.');
    default:
      return trans.__('The camera could not be opened: %1', message ?? String(error));
  }
}

/** The size of a frame of a video: its own, or smaller with the same proportions. */
export function frameSize(width: number, height: number): [width: number, height: number] {
  const scale = Math.min(1, SIDE / Math.max(width, height, 1));
  return [Math.round(width * scale), Math.round(height * scale)];
}

/** A camera with its live image on the page. */
export class Camera {
  constructor(private readonly _trans: Translation) {
    this.video.muted = true;
    this.video.setAttribute('aria-label', _trans.__('Camera'));
  }

  readonly video = element('video', { class: 'hs-video', playsinline: true, hidden: true });

  get on(): boolean {
    return this._stream !== null;
  }

  /** Turn it on; `ended` is called where it ends by itself, as when it is unplugged. */
  async start(ended: () => void): Promise<void> {
    const turn = ++this._turn;
    const stream = await openCamera(window, this._trans);
    if (turn !== this._turn) { // turned off while the user was asked
      stream.getTracks().forEach(track => track.stop());
      return;
    }
    this._stream = stream;
    stream.getVideoTracks().forEach(track => track.addEventListener('ended', ended));
    this.video.srcObject = stream;
    this.video.hidden = false;
    await this.video.play().catch((error: unknown) => {
      if (turn === this._turn) { // else it was turned off meanwhile
        throw error;
      }
    });
  }

  stop(): void {
    this._turn++;
    this._stream?.getTracks().forEach(track => track.stop());
    this._stream = null;
    this.video.srcObject = null;
    this.video.hidden = true;
  }

  /** The image of this moment as a JPEG; null while there is none. */
  frame(): Promise<Blob | null> {
    const [width, height] = frameSize(this.video.videoWidth, this.video.videoHeight);
    if (!this._stream || width === 0 || height === 0) {
      return Promise.resolve(null);
    }
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    canvas.getContext('2d')?.drawImage(this.video, 0, 0, width, height);
    return new Promise(resolve => canvas.toBlob(resolve, 'image/jpeg', QUALITY));
  }

  private _stream: MediaStream | null = null;
  private _turn = 0;
}

// Reading JSON that comes from a kernel or from a stranger's notebook: what has another type is empty.

export function text(json: unknown): string {
  return typeof json === 'string' ? json : '';
}

export function number(json: unknown): number {
  return typeof json === 'number' && Number.isFinite(json) ? json : 0;
}

/** What is base64, and so may follow in a data address. */
export function base64(json: unknown): string {
  return /^[A-Za-z0-9+/]*=*$/.test(text(json)) ? text(json) : '';
}

// Reading JSON that comes from a kernel or from an untrusted notebook: a value of another type is read as empty.

export function text(json: unknown): string {
  return typeof json === 'string' ? json : '';
}

export function number(json: unknown): number {
  return typeof json === 'number' && Number.isFinite(json) ? json : 0;
}

/** A base64 string, which is safe in a data: URL; empty for everything else. */
export function base64(json: unknown): string {
  return /^[A-Za-z0-9+/]*=*$/.test(text(json)) ? text(json) : '';
}

/** What is base64, and so may follow in a data address; else nothing. */
export function base64(json: unknown): string {
  return typeof json === 'string' && /^[A-Za-z0-9+/]*=*$/.test(json) ? json : '';
}

/** Shorter ones would cut half of any text. */
const SECRET_LENGTH_MIN = 3;

/** What a tool says may be shown and kept: without the secret, and without those in addresses. */
export function cutSecrets(text: string, secret: Uint8Array | undefined): string {
  let cut = withoutPassword(text);
  const word = secret === undefined ? '' : Buffer.from(secret).toString('utf8');
  if (word.length >= SECRET_LENGTH_MIN) cut = cut.replaceAll(word, '***');
  return cut;
}

/** `rest:https://ann:secret@host/` as `rest:https://ann@host/`. */
export function withoutPassword(text: string): string {
  return text.replaceAll(/(:\/\/[^\s/:@]*):[^\s/@]*@/g, '$1@');
}

/** Bytes that a host meant as words: UTF-8, whatever is none replaced. What it holds is not trusted. */
export function wordsOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

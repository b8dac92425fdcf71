/** A word as it must be typed to be one word. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * The same as an operand, the last of its command: a name that begins with a dash, which others may have
 * given, is no option.
 */
export function operandWord(word: string): string {
  return word.startsWith('-') ? `-- ${quoteWord(word)}` : quoteWord(word);
}

/** As `operandWord`, of several. */
export function operandWords(words: readonly string[]): string {
  const isDashed = words.some((word) => word.startsWith('-'));
  return [...(isDashed ? ['--'] : []), ...words.map(quoteWord)].join(' ');
}

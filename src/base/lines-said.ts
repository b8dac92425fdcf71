// The colours and titles that programs send along even to a pipe: CSI ... letter, OSC ... BEL.
const SEQUENCE = /\p{Cc}\[[\d;?]*[A-Za-z]|\p{Cc}\][^\p{Cc}]*\p{Cc}/gu;

/** What a program printed, as its lines that have words: without colours, tabs and overwriting. */
export function linesSaid(said: string): readonly string[] {
  return said
    .replaceAll(SEQUENCE, '')
    .split(/[\r\n]+/)
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
}

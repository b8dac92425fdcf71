import { Fault } from '../../base/fault.ts';

const SHOWN_MAX = 200;

/** What is thrown wherever a manifest says what no writer of format 0 would have written. */
export function corrupt(why: string, text = ''): Fault {
  const shown = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text;
  return new Fault('HF_MANIFEST_CORRUPT', `the manifest is damaged: ${why}`, { why, text: shown });
}

/**
 * JSON that may be shown as it is: names come from hosts, and what would move the cursor of a terminal
 * or turn the order of what is read is written as an escape. It is the same value.
 */

// What JSON itself lets through: C1 controls and DEL, marks of direction, what has no width.
const UNSEEN =
  /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udfff]/g;

export function plainJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(UNSEEN, escaped);
}

function escaped(text: string): string {
  return text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

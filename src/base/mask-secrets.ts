/**
 * Text of other people's programs without what looks like a secret. It errs towards hiding: what is
 * hidden wrongly can be looked up on the host, what is shown wrongly cannot be taken back.
 */

const MASK = '***';
/** A value: in quotes to the closing one, else to the next blank or separator. */
const VALUE = String.raw`(?:"[^"]*"?|'[^']*'?|[^\s"',;&|<>]+)`;
const NAME = String.raw`[\w.-]*(?:passw|passphrase|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|cred|auth)[\w.-]*`;

const RULES: readonly (readonly [RegExp, string])[] = [
  // A whole header: the word after it is a scheme, and the secret the one after that.
  [/\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key)\s*[:=].*/gi, `$1: ${MASK}`],
  [/\b(bearer|basic)\s+[\w+/=.~-]{6,}/gi, `$1 ${MASK}`],
  // The user may stand there, what follows the colon may not; passwords may hold `@`.
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/]*@/gi, `$1:${MASK}@`],
  [new RegExp(String.raw`(["']?${NAME}["']?\s*(?:=>|:=|[=:])\s*)${VALUE}`, 'gi'), `$1${MASK}`],
  [new RegExp(String.raw`(--?${NAME}\s+)${VALUE}`, 'gi'), `$1${MASK}`],
  [
    /((?:^|\s)(?:password|passphrase|secret|token|pwd)\s+)(?!for\b|of\b|is\b)[^\s]*[\d!@#$%^&*_=+][^\s]*/gi,
    `$1${MASK}`,
  ],
  [/((?:^|\s)-p)[^\s-][^\s]*/g, `$1${MASK}`],
  [/((?:^|\s)-u\s*[^\s:]+):[^\s]+/g, `$1:${MASK}`],
  // Forms that are secrets wherever they stand.
  [/\b(?:gh[pousr]_|glpat-|xox[abposr]-|sk-|AKIA|ASIA|npm_|dop_v1_)[\w-]{10,}/g, MASK],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g, MASK],
  [/AGE-SECRET-KEY-1[0-9A-Z]+/g, MASK],
  [/\$(?:1|2[aby]|5|6|y|argon2id?|scrypt)\$[^\s:]+/g, MASK],
];
/** Of one line; what is longer is cut before it is looked at. */
const LINE_MAX = 16_384;

/** @param text one or more lines; a block of a private key is hidden as a whole */
export function maskSecrets(text: string): string {
  let isKey = false;
  return text
    .split('\n')
    .map((line) => {
      if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(line)) isKey = true;
      if (!isKey) return maskLine(line.slice(0, LINE_MAX));
      if (/-----END [A-Z0-9 ]*PRIVATE KEY/.test(line)) isKey = false;
      return MASK;
    })
    .join('\n');
}

function maskLine(line: string): string {
  return RULES.reduce((text, [pattern, to]) => text.replace(pattern, to), line);
}

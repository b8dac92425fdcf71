import ignore from 'ignore';
import type { ByteString } from '../../base/bytes.ts';
import type { Excludes } from '../../host/excludes.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';

/** Rules in gitignore syntax, as git reads them: the last that matches decides, `!` takes back. */
export function gitignoreExcludes(rules: readonly string[]): Excludes {
  if (rules.length === 0) return { ruleFor: () => undefined };
  const written = new Map(rules.map((rule) => [matchable(bytesOfUtf8(rule)), rule]));
  const matcher = ignore({ allowRelativePaths: true, ignorecase: false }).add([...written.keys()]);
  return {
    ruleFor: (path, isDir) => {
      const text = matchable(path);
      // Not `checkIgnore`: it imitates what `git check-ignore` says of a name typed with a slash.
      const { ignored, rule } = matcher.test(isDir ? `${text}/` : text);
      if (!ignored) return undefined;
      return rule === undefined ? 'exclude' : (written.get(rule.pattern) ?? rule.pattern);
    },
  };
}

/**
 * Git compares bytes, and names need not be text. Each byte is one character here too, those from
 * 0x80 on from the private use area: among the others are spaces, which rules end with.
 */
function matchable(bytes: ByteString): string {
  return bytes.replaceAll(/[\x80-\xff]/g, (byte) =>
    String.fromCharCode(PRIVATE_USE + byte.charCodeAt(0)),
  );
}

const PRIVATE_USE = 0xe000;

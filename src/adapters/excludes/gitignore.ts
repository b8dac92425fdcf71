import ignore from 'ignore';
import type { ByteString } from '../../base/bytes.ts';
import type { Excludes } from '../../host/excludes.ts';

/** Rules in gitignore syntax, as git reads them: the last that matches decides, `!` takes back. */
export function gitignoreExcludes(rules: readonly string[]): Excludes {
  if (rules.length === 0) return { ruleFor: () => undefined };
  const matcher = ignore({ allowRelativePaths: true }).add([...rules]);
  return {
    ruleFor: (path, isDir) => {
      const text = textOf(path);
      const { ignored, rule } = matcher.checkIgnore(isDir ? `${text}/` : text);
      return ignored ? (rule?.pattern ?? 'exclude') : undefined;
    },
  };
}

/** Names that are not UTF-8 are matched with a replacement character for what is not. */
function textOf(path: ByteString): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

/** A rule of the house that a pattern can see. */
export interface Rule {
  readonly name: string;
  /** What must not stand in a file; it may match over several lines. */
  readonly banned: RegExp;
  /** What to write, so that the finding ends the search and not begins it. */
  readonly instead: string;
  readonly where: RegExp;
  readonly exceptWhere?: RegExp;
  /** Comments are read too; else they are blanked first. */
  readonly inComments?: true;
  /** A comment on the same line that says why lifts the ban. */
  readonly unlessSaid?: true;
  /** Texts that break the rule, each by itself. */
  readonly planted: readonly string[];
  /** A file in which the rule holds; absent: it holds in a core of the vault. */
  readonly plantedIn?: string;
  /** Texts that look like it and are right. */
  readonly allowed: readonly string[];
}

export interface Finding {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

export const LINES_MAX = 500;

/** Files of src that ship; tests beside them may touch the world. */
const PRODUCT = /^src\/(?!.*\.test\.ts$)/;
const SOURCE = /^(?:src|rescue|test|sim|bench|scripts)\//;
const ADAPTERS = /^src\/adapters\//;

export const RULES: readonly Rule[] = [
  {
    name: 'clock',
    banned: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b/,
    instead: 'the Clock port',
    where: /^(?:src|sim)\//,
    // The script of a page runs at its reader's.
    exceptWhere: /^src\/adapters\/|\/look\/page-script\.ts$|\.test\.ts$/,
    planted: ['const at = Date.now();', 'const at = new Date();', 'performance.now()'],
    allowed: ['new Date(at).toISOString()', 'clock.now()', '// Date.now() may step.'],
  },
  {
    name: 'dice',
    banned: /\bMath\.random\b/,
    instead: 'the Random port, or a seeded generator in tests',
    where: SOURCE,
    planted: ['const roll = Math.random();'],
    allowed: ['random.below(6)', 'Math.round(1.5)'],
  },
  {
    name: 'removal',
    banned: /\brm(?:Sync)?\s*\(|\brmdir\w*\([^)]*recursive/,
    instead: 'a plan that guard applies, or the unlink of a port, one name at a time',
    where: PRODUCT,
    planted: [
      'fs.rmSync(at, { recursive: true });',
      'await rm(at, { recursive: true, force: true });',
    ],
    allowed: ['disk.unlink(at);', 'const confirm = (at) => at;', 'fs.rmdirSync(at);'],
  },
  {
    name: 'empty-catch',
    banned: /\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}/,
    instead: 'handle the Fault you expect, and let everything else pass',
    where: SOURCE,
    planted: ['} catch {}', 'catch (error) { }', 'catch {\n  // Never mind.\n}'],
    allowed: ['} catch (error) {', '} catch { return false; }', 'catch {\n  return false;\n}'],
  },
  {
    name: 'swallowed-rejection',
    banned: /\.catch\(\s*\(\w*\)\s*=>\s*(?:\{\s*\}|undefined|null)\s*\)/,
    instead: 'await it where its failure matters; if it is awaited later, say so on the line',
    where: SOURCE,
    unlessSaid: true,
    planted: ['await close().catch(() => {});', 'list(a).catch(() => undefined);'],
    allowed: ['promise.catch(report)', 'p.catch(() => undefined); // Awaited in its turn.'],
  },
  {
    name: 'unfinished',
    banned: /\b(?:TODO|FIXME|XXX|HACK)\b/,
    instead: 'do it, or open an issue and leave no trace here',
    where: SOURCE,
    inComments: true,
    planted: ['// TODO: later', '/* FIXME */'],
    allowed: ['todo.slice(1)', 'the todo list'],
  },
  {
    name: 'any',
    banned: /\bas any[;,)\]}\s]*$|\bas any\)|@ts-ignore|@ts-expect-error|@ts-nocheck/,
    instead: 'a parser at the border, `unknown` before it',
    where: SOURCE,
    inComments: true,
    planted: ['const at = value as any;', '(value as any).x', '// @ts-ignore'],
    allowed: ['as many as you like', 'const company: string', 'as unknown'],
  },
  {
    name: 'write',
    banned:
      /\b(?:write|append|rename|unlink|mkdir|rmdir|truncate|ftruncate|copy|cp|link|symlink|chmod|chown|utimes)(?:File)?Sync\s*\(|\bcreateWriteStream\b/,
    instead: 'the Disk port (vault) or the Files port (trees)',
    where: PRODUCT,
    exceptWhere: ADAPTERS,
    planted: ['fs.writeFileSync(at, text);', 'renameSync(a, b)', 'fs.createWriteStream(at)'],
    allowed: ['disk.write(file, bytes);', 'disk.rename(from, to)'],
  },
  {
    name: 'machine-path',
    banned: /['"`]\/(?:work|tmp)\//,
    instead: 'a path that is given: state, scratch and home directories differ',
    where: PRODUCT,
    planted: ["const at = '/tmp/holdfast';", 'const at = `/work/x`;'],
    allowed: ["const at = '/etc/holdfast';", "from '../tmp/x.ts'", "// as in '/tmp/x'"],
  },
  {
    name: 'brand',
    banned: /\bas (?:ByteString|Digest)\b/,
    instead: 'byteString(), digestOfBytes() or parseDigest() of src/base/bytes.ts',
    where: SOURCE,
    exceptWhere: /^src\/base\/bytes\.ts$/,
    planted: ['return raw as ByteString;', 'const id = raw as Digest;'],
    allowed: ['as DigestLike', 'import type { ByteString } from'],
  },
  {
    name: 'long-list',
    banned:
      /(?:\.(?:push|unshift)|\bMath\.(?:min|max))\((?:[^;{}()[\]]|\([^;{}()]*\)|\[[^\]]*\])*?\.\.\./,
    instead: 'addAll(), smallest() or largest() of src/base/long-list.ts: others make lists long',
    where: /^src\/(?:access|base|tell|watch|web|wire|main\/server)\/(?!.*\.test\.ts$)/,
    plantedIn: 'src/watch/core/planted.ts',
    planted: [
      'rows.push(...more);',
      'Math.max(0, ...all.map(({ ms }) => ms));',
      'Math.min(\n  last,\n  ...known.flatMap((each) => each.at),\n);',
    ],
    allowed: ['rows.push({ ...row, at });', 'rows.push([first, ...row]);', 'Math.max(0, at - of);'],
  },
];

/** Blanks comments, keeping lines. A `//` counts as a comment after white space only: URLs stay. */
function withoutComments(text: string): string {
  return text
    .replace(/(^|\s)\/\/.*$/gm, '$1')
    .replace(/(^|\s)\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''));
}

function findingsOf(rule: Rule, file: string, text: string): readonly Finding[] {
  const read = rule.inComments ? text : withoutComments(text);
  const lines = text.split('\n');
  return [...read.matchAll(new RegExp(rule.banned.source, 'gm'))]
    .map((match) => {
      const line = read.slice(0, match.index).split('\n').length;
      return { rule: rule.name, file, line, text: (lines[line - 1] ?? '').trim() };
    })
    .filter((finding) => !(rule.unlessSaid && / \/\/ /.test(finding.text)));
}

/** @param file relative to the checkout, `/`-separated */
export function findingsIn(file: string, text: string): readonly Finding[] {
  const found = RULES.filter((rule) => rule.where.test(file))
    .filter((rule) => !(rule.exceptWhere?.test(file) ?? false))
    .flatMap((rule) => findingsOf(rule, file, text));
  const count = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  if (!file.startsWith('src/') || count <= LINES_MAX) return found;
  const tooLong = { rule: 'length', file, line: count, text: `${count} lines of ${LINES_MAX}` };
  return [...found, tooLong];
}

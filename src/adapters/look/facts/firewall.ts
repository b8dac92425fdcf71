import { wordsOf } from '../words.ts';
import { linesOf, type Told } from './told.ts';

const RULES_MAX = 5000;
/** What the script says where a tool did not answer. */
const NOT_SEEN = '# not seen';

/** Of nftables and of iptables as they were before; undefined where not all of them were seen. */
export function firewallOf(told: Told): readonly string[] | undefined {
  const text = told.printed('firewall');
  if (text === undefined) return undefined;
  const lines = linesOf(text).map((line) => line.trim());
  if (lines.includes(NOT_SEEN)) return undefined;
  const rules = new Set([...rulesOfNft(lines), ...rulesOfIptables(lines)].map(wordsOf));
  return rules.size > RULES_MAX ? undefined : [...rules].sort();
}

/** Rules stand two braces deep, in a chain of a table; what a set holds comes and goes. */
function* rulesOfNft(lines: readonly string[]): Generator<string> {
  const within: string[] = [];
  for (const line of lines) {
    const block = /^(table|chain|set|map|flowtable|counter|quota|limit|ct \w+) (.+?) \{$/.exec(
      line,
    );
    if (block !== null) {
      const [, kind = '', name = ''] = block;
      within.push(kind === 'table' || kind === 'chain' ? name : '');
      if (within.length === 2 && kind !== 'chain') yield `${within[0] ?? ''}: ${kind} ${name}`;
    } else if (line === '}') within.pop();
    else if (within.length === 2 && within[1] !== '') yield `${within.join(' ')}: ${line}`;
  }
}

function* rulesOfIptables(lines: readonly string[]): Generator<string> {
  let table: string | undefined;
  for (const line of lines) {
    if (/^\*\w+$/.test(line)) table = line.slice(1);
    else if (line === 'COMMIT') table = undefined;
    else if (table !== undefined && /^-A /.test(line)) yield `${table} ${line.slice(3)}`;
    else if (table !== undefined && line.startsWith(':')) {
      // Counters change with each packet.
      yield `${table} ${line.slice(1).replace(/ \[\d+:\d+\]$/, '')}`;
    }
  }
}

/** What a change would make of a configuration file: checked, and as a diff. Nothing is written. */
import fs from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { configSchema } from '../../wire/config.ts';

const CONTEXT = 3;

/**
 * Comments and order stay as they are.
 *
 * @throws Fault HF_CONFIG_INVALID where what would result is none
 */
export function changedConfig(
  file: string,
  changes: readonly { readonly at: readonly string[]; readonly value?: unknown }[],
): string {
  const before = fs.readFileSync(file, 'utf8');
  const document = parseDocument(before);
  for (const { at, value } of changes) {
    try {
      if (value === undefined) document.deleteIn([...at]);
      else document.setIn([...at], document.createNode(value));
    } catch (cause) {
      // The library throws where a text, a list or nothing stands in the way.
      const where = at.map((key) => sayText(key)).join('.');
      const instead = `Name keys below a map: ${where} leads through something that is none.`;
      const message = `nothing can stand at ${where}`;
      throw new Fault('HF_CONFIG_INVALID', message, { file, instead }, { cause });
    }
  }
  const parsed = configSchema.safeParse(document.toJS() ?? {});
  if (!parsed.success || document.errors.length > 0) {
    const [issue] = parsed.error?.issues ?? [];
    const where = issue?.path.map(String).join('.') ?? '';
    const instead = `Change ${where === '' ? 'it' : where} so that it is: ${issue?.message ?? 'YAML'}.`;
    throw new Fault('HF_CONFIG_INVALID', `the file would be no configuration (${where})`, {
      ...{ file, instead },
    });
  }
  return unifiedDiff(path.basename(file), before, document.toString({ lineWidth: 0 }));
}

/** One hunk, from the first line that differs to the last. Empty: nothing does. */
export function unifiedDiff(name: string, before: string, after: string): string {
  const [old, now] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  const room = Math.min(old.length, now.length) - head;
  while (tail < room && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
  if (head === old.length && head === now.length) return '';
  const from = Math.max(0, head - CONTEXT);
  const oldEnd = old.length - tail;
  const nowEnd = now.length - tail;
  const after3 = old.slice(oldEnd, oldEnd + CONTEXT);
  const lines = [
    ...old.slice(from, head).map((line) => ` ${line}`),
    ...old.slice(head, oldEnd).map((line) => `-${line}`),
    ...now.slice(head, nowEnd).map((line) => `+${line}`),
    ...after3.map((line) => ` ${line}`),
  ];
  const span = (end: number): string => {
    const count = end - from + after3.length;
    return `${count === 0 ? from : from + 1},${count}`;
  };
  const where = `@@ -${span(oldEnd)} +${span(nowEnd)} @@`;
  return `--- a/${name}\n+++ b/${name}\n${where}\n${lines.map((line) => `${line}\n`).join('')}`;
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** The static copy of a recovery plan: files that are read with nothing of Holdfast. */
import fs from 'node:fs';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayName } from '../../base/say-name.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { replaceFile } from '../../vault/shell/whole-file.ts';
import type { Cli } from '../cli/cli.ts';
import { bytesJson } from '../cli/json-shape.ts';
import { textOfBytes } from '../cli/places.ts';
import { fullPath } from '../cli/settings.ts';

/** What each file is called; a directory that has others is not ours to write into. */
const NAMES = {
  text: 'recovery-plan.txt',
  page: 'recovery-plan.html',
  exposure: 'exposure.txt',
  json: 'recovery-plan.json',
} as const;

export interface WrittenCopy {
  readonly say: (style: Style) => readonly string[];
  readonly json: object;
}

/**
 * Writes each file whole, in place of the one before; only its owner may read it.
 *
 * @throws Fault HF_PLAN_COPY where `directory` is none, or holds what is not such a copy
 */
export function savePlanCopy(
  cli: Cli,
  directory: string,
  copy: Readonly<Record<keyof typeof NAMES, string>>,
): WrittenCopy {
  const root = fullPath(cli, directory);
  const shown = textOfBytes(root);
  const stat = fs.statSync(fsPath(root), { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory()) throw refused(shown, 'it is no directory');
  const names = Object.values<string>(NAMES);
  const there = stat === undefined ? [] : fs.readdirSync(fsPath(root));
  const foreign = there.find((name) => !names.includes(name) && !/\.tmp$/.test(name));
  if (foreign !== undefined) throw refused(shown, 'it holds other files');
  const ports = { disk: nodeDisk(), tools: nodeTools() };
  for (const [part, name] of Object.entries(NAMES)) {
    const text = copy[part as keyof typeof NAMES];
    replaceFile(ports, byteString(`${root}/${name}`), Buffer.from(text, 'utf8'));
  }
  return {
    say: (style) => [
      '',
      ...layoutSentence(style, {
        mark: { is: 'ok' },
        text: `Kept in ${sayName(root, style)}: ${names.join(', ')}. Keep a copy of it off the estate: docs/operating/recovery.md.`,
      }),
    ],
    json: { ...bytesJson('directory', root), files: names },
  };
}

function refused(path: string, why: string): Fault {
  return new Fault('HF_PLAN_COPY', `the plan is not written to ${path}: ${why}`, { path });
}

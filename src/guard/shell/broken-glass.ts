/** Plans that root let pass with `--break-glass`: `guard/broken/`, docs/format/approval.md 5. */
import { type ByteString, byteString, type Digest, hexOf } from '../../base/bytes.ts';
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Actor } from '../../base/plan.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import { isCount, objectOf } from '../core/held-things.ts';
import { publishFile, readFileIfThere } from '../../vault/shell/whole-file.ts';
import type { BookPorts } from './pipeline-book.ts';

export interface BrokenGlassNote {
  readonly at: UnixMs;
  readonly actor: Actor;
  readonly reason: string;
  /** Rules that were passed over. */
  readonly rules: readonly string[];
  readonly plan: string;
  readonly digest: Digest;
  /** Its place. */
  readonly target: string;
}

/** What is read again: all that people are shown. */
export type BrokenGlassRead = Pick<BrokenGlassNote, 'at' | 'reason' | 'plan' | 'target'> & {
  readonly by: string;
  readonly rules: readonly string[];
};

/** Durable when it returns: before the first operation, so that no crash forgets it. */
export function noteBrokenGlass(ports: BookPorts, note: BrokenGlassNote): void {
  const { at, actor, reason, rules, plan, digest, target } = note;
  const said = { at, actor: { name: actor.name, kind: actor.kind }, plan, rules: [...rules] };
  const line = canonicalJson({
    ...{ ...said, digest: hexOf(digest) },
    ...{ reason: reason.toWellFormed(), target: target.toWellFormed() },
  });
  const name = `${String(at).padStart(13, '0')}-${plan}.json`;
  const bytes = ports.tools.codec.bytesOf(byteString(`${bytesOfUtf8(line)}\n`));
  publishFile(ports, byteString(`${dirOf(ports)}/${name}`), bytes);
}

/** Oldest first. One that cannot be read is told of by its name. */
export function brokenGlass(ports: BookPorts): readonly BrokenGlassRead[] {
  const names = (ports.disk.list(dirOf(ports)) ?? []).filter((name) => /^\d{13}-p-/.test(name));
  return names.map((name) => readNote(ports, name));
}

function readNote(ports: BookPorts, name: ByteString): BrokenGlassRead {
  const [, digits = '0', plan = ''] = /^(\d{13})-(p-[0-9a-f]{8})/.exec(name) ?? [];
  const bytes = readFileIfThere(ports, byteString(`${dirOf(ports)}/${name}`));
  const note = bytes === undefined ? undefined : objectOf(ports.tools.codec.textOf(bytes));
  const text = (value: unknown): string => (typeof value === 'string' ? value : 'cannot be read');
  const actor = note?.actor as { readonly name?: unknown } | undefined;
  return {
    at: unixMs(isCount(note?.at) ? note.at : Number(digits)),
    by: text(actor?.name),
    reason: text(note?.reason),
    rules: Array.isArray(note?.rules) ? note.rules.map(text) : [],
    plan,
    target: text(note?.target),
  };
}

function dirOf({ stateDir }: BookPorts): ByteString {
  return byteString(`${stateDir}/guard/broken`);
}

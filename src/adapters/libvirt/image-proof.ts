/**
 * The image of a guest, without the guest: its own format is checked, and every file system in it
 * that can be. A journal is replayed first, as the guest would do when it starts. Nothing is mounted.
 */
import fs from 'node:fs';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import type { EngineProof, EngineShown } from '../../host/engine-proof.ts';
import { engineAccount } from '../engines/account.ts';
import { type Ended, runProgram, whyOf } from '../engines/program.ts';
import { giveTree, type Reach, reachFor } from '../engines/reach.ts';
import { noRoom, textPath } from '../engines/scratch.ts';
import { fsPath } from '../node/syscalls-path.ts';

export interface ImageProofOptions {
  readonly minFree: number | undefined;
  /** For each program. */
  readonly limitMs?: number;
}

const LIMIT_MS = 60 * 60_000;
const SECTOR = 512;
const unknown = (why: string): EngineShown => ({ ok: undefined, why });

export function imageProof(options: ImageProofOptions): EngineProof {
  return {
    engine: 'image',
    prove: async (restored, scratch) => {
      const { limitMs = LIMIT_MS } = options;
      const opened = await inspect(restored, limitMs);
      if ('ok' in opened) return opened;
      const wanted = { parent: scratch, minFree: options.minFree, bytes: opened.sizeBytes };
      const against = noRoom(wanted);
      if (against !== undefined) return unknown(against);
      const raw = byteString(`${scratch}/raw`);
      const args = ['convert', '-f', opened.format, '-O', 'raw', textPath(restored), textPath(raw)];
      const converted = await runProgram({ program: 'qemu-img', args, limitMs });
      if (!converted.isOk) return { ok: false, why: `qemu-img convert ${whyOf(converted)}` };
      const account = engineAccount();
      if (account === undefined) return unknown('there is no account without rights to check as');
      giveTree(scratch, account);
      const reach = await reachFor([scratch], account);
      if (typeof reach === 'string') return unknown(reach);
      return new Inside({ reach, raw, limitMs, sizeBytes: opened.sizeBytes }).check();
    },
  };
}

interface Inspected {
  readonly format: 'raw' | 'qcow2';
  readonly sizeBytes: number;
}

/** The format by its first bytes: told by nobody, a guest could write itself a backing file. */
async function inspect(image: ByteString, limitMs: number): Promise<Inspected | EngineShown> {
  const format = isQcow2(image) ? 'qcow2' : 'raw';
  const file = textPath(image);
  const info = ['info', '--output=json', '-f', format, file];
  const said = await runProgram({ program: 'qemu-img', args: info, limitMs });
  if (said.isMissing) return unknown('qemu-img is not installed here (package qemu-utils)');
  if (!said.isOk) return { ok: false, why: `qemu-img info ${whyOf(said)}` };
  const raw: unknown = JSON.parse(said.stdout);
  const facts = typeof raw === 'object' && raw !== null ? raw : {};
  if ('backing-filename' in facts) {
    const backing = sayText(String(facts['backing-filename']));
    return unknown(`it is the upper layer of ${backing}, which belongs to it`);
  }
  if (format === 'qcow2') {
    const args = ['check', '-f', format, file];
    const checked = await runProgram({ program: 'qemu-img', args, limitMs });
    // 3: clusters that nothing refers to cost room and nothing else.
    if (!checked.isOk && checked.how !== 'ended with 3') {
      return { ok: false, why: `qemu-img check ${whyOf(checked)}` };
    }
  }
  return { format, sizeBytes: 'virtual-size' in facts ? Number(facts['virtual-size']) : 0 };
}

function isQcow2(image: ByteString): boolean {
  const head = Buffer.alloc(4);
  const fd = fs.openSync(fsPath(image), 'r');
  try {
    fs.readSync(fd, head, 0, 4, 0);
  } finally {
    fs.closeSync(fd);
  }
  return head.toString('latin1') === 'QFI\xfb';
}

interface Part {
  /** Undefined: the whole image. */
  readonly number: string | undefined;
  readonly offset: number;
  readonly size: number;
}

class Inside {
  readonly #of: { reach: Reach; raw: ByteString; limitMs: number; sizeBytes: number };

  constructor(of: { reach: Reach; raw: ByteString; limitMs: number; sizeBytes: number }) {
    this.#of = of;
  }

  async check(): Promise<EngineShown> {
    const checked: string[] = [];
    const passedOver: string[] = [];
    for (const part of await this.#parts()) {
      const type = await this.#typeOf(part);
      const name = part.number === undefined ? 'the image' : `partition ${part.number}`;
      if (!/^ext[234]$/.test(type)) {
        passedOver.push(`${name} (${type === '' ? 'nothing known' : type})`);
        continue;
      }
      const why = await this.#checkExt(part);
      if (why !== undefined) return { ok: false, why: `${name}: ${type}: ${why}` };
      checked.push(type);
    }
    const rest = passedOver.length === 0 ? '' : `; not looked into: ${passedOver.join(', ')}`;
    if (checked.length === 0) return unknown(`no file system in it can be checked here${rest}`);
    const count = countOf(checked.length, 'file system');
    return { ok: true, said: `${count} in the image checked (${checked.join(', ')})${rest}` };
  }

  async #parts(): Promise<readonly Part[]> {
    const { sizeBytes } = this.#of;
    const listed = await this.#run('partx', [
      '--show',
      '--raw',
      '--noheadings',
      '-o',
      'NR,START,SECTORS',
    ]);
    const parts = listed.stdout
      .split('\n')
      .map((line) => /^([0-9]+) ([0-9]+) ([0-9]+)$/.exec(line.trim()))
      .filter((match) => match !== null)
      .map(([, number, start, sectors]) => ({
        number,
        offset: Number(start) * SECTOR,
        size: Number(sectors) * SECTOR,
      }));
    return parts.length > 0 ? parts : [{ number: undefined, offset: 0, size: sizeBytes }];
  }

  async #typeOf({ offset, size }: Part): Promise<string> {
    const where = [`--offset=${offset}`, `--size=${size}`];
    const args = ['--probe', ...where, '--output=value', '--match-tag=TYPE'];
    return (await this.#run('blkid', args)).stdout.trim();
  }

  /** What a power cut leaves is mended from the journal; what is wrong after that is damage. */
  async #checkExt({ offset }: Part): Promise<string | undefined> {
    const suffix = offset === 0 ? '' : `?offset=${offset}`;
    const replayed = await this.#run('e2fsck', ['-y', '-E', 'journal_only'], suffix);
    if (replayed.isMissing || replayed.how === 'ended with 127') return 'e2fsck is not installed';
    const found = await this.#run('e2fsck', ['-f', '-n'], suffix);
    if (found.isOk) return undefined;
    const line = found.stdout.split('\n').find((each) => /error|corrupt|bad|wrong/i.test(each));
    return `e2fsck ${found.how}${line === undefined ? '' : `: ${sayText(line.trim())}`}`;
  }

  #run(program: string, args: readonly string[], suffix = ''): Promise<Ended> {
    const { reach, raw, limitMs } = this.#of;
    const path = '/usr/sbin:/usr/bin:/sbin:/bin';
    const file = `${reach.pathOf(raw)}${suffix}`;
    return runProgram(reach.command(program, [...args, file], { limitMs, env: { PATH: path } }));
  }
}

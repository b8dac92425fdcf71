/** Entry of the process that asks a mount which may stop answering: see guarded-channel.ts. */
import { deserialize, serialize } from 'node:v8';
import { assert } from '../../base/assert.ts';
import { SourceFailure, STAT_WORDS } from '../../host/source.ts';
import type { DirHandle, FileHandle } from '../../host/source.ts';
import { byteString, type ByteString } from '../../base/bytes.ts';
import type { GuardedAnswer, GuardedAsk } from './guarded-channel.ts';
import { readMessage, writeMessage } from './guarded-channel.ts';
import { nodeSource } from './source.ts';

const ASKS = 3;
const ANSWERS = 4;

const source = nodeSource();

/** What differs from the source's own methods: what fills an argument there is answered here. */
const methods = {
  openBelow(mount: ByteString, below: ByteString): DirHandle {
    let dir = source.openRoot(mount);
    for (const name of below.split('/')) {
      if (name === '') continue;
      const parent = dir;
      try {
        dir = source.openDir(parent, byteString(name));
      } finally {
        source.closeDir(parent);
      }
    }
    return dir;
  },
  openDir: source.openDir,
  closeDir: source.closeDir,
  list: source.list,
  stat(dir: DirHandle, name: ByteString): BigInt64Array {
    const words = new BigInt64Array(STAT_WORDS);
    source.stat(dir, name, words);
    return words;
  },
  openFile: source.openFile,
  closeFile: source.closeFile,
  statFile(file: FileHandle): BigInt64Array {
    const words = new BigInt64Array(STAT_WORDS);
    source.statFile(file, words);
    return words;
  },
  read(file: FileHandle, length: number, position: number): Uint8Array {
    const into = new Uint8Array(length);
    return into.subarray(0, source.read(file, into, position));
  },
  dataSegments: source.dataSegments,
  readLink: source.readLink,
  xattrsOfHandle: source.xattrsOfHandle,
  xattrsAt: source.xattrsAt,
} as const satisfies Record<string, (...args: never[]) => unknown>;

export type GuardedMethods = typeof methods;

function answerTo(bytes: Buffer): GuardedAnswer<unknown> {
  const ask: GuardedAsk = deserialize(bytes);
  assert(Object.hasOwn(methods, ask.method), 'both ends are of one version');
  try {
    return { value: Reflect.apply(Reflect.get(methods, ask.method), source, [...ask.args]) };
  } catch (error) {
    if (!(error instanceof SourceFailure)) throw error;
    return { errno: error.errno };
  }
}

for (let bytes = readMessage(ASKS); bytes !== undefined; bytes = readMessage(ASKS)) {
  writeMessage(ANSWERS, serialize(answerTo(bytes)));
}

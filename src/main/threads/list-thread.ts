/** Thread entry: reads directories ahead of a walk, not further than it may. */
import { workerData } from 'node:worker_threads';
import { nodeSource } from '../../adapters/node/source.ts';
import { byteString } from '../../base/bytes.ts';
import { listedDirs } from '../../recover/shell/listed-dir.ts';
import { ENDED, type ListAsk, SENT, type SentDir, STOPPED, TAKEN } from './list-messages.ts';

/** Sent together. */
const ENTRIES = 2000;
/** Messages that nobody has taken yet: some 200 KB each. */
const AHEAD_MAX = 12;

const { top, control, port }: ListAsk = workerData;
const words = new Int32Array(control);

function mayGoOn(): boolean {
  for (;;) {
    if (Atomics.load(words, STOPPED) !== 0) return false;
    const taken = Atomics.load(words, TAKEN);
    if (Atomics.load(words, SENT) - taken < AHEAD_MAX) return true;
    Atomics.wait(words, TAKEN, taken);
  }
}

function send(dirs: readonly SentDir[]): void {
  port.postMessage(
    dirs,
    dirs.map(({ words: moved }) => moved.buffer as ArrayBuffer),
  );
  Atomics.add(words, SENT, 1);
  Atomics.notify(words, SENT);
}

try {
  const source = nodeSource();
  // A handle of its own: whoever asked may close the other at any time.
  const own = source.openDir(top, byteString(''));
  let dirs: SentDir[] = [];
  let entries = 0;
  for (const { names, ...listed } of listedDirs(source, own)) {
    dirs.push({ ...listed, text: names.map((name) => `${name}\0`).join('') });
    entries += names.length + 1;
    if (entries < ENTRIES) continue;
    send(dirs);
    dirs = [];
    entries = 0;
    if (!mayGoOn()) break;
  }
  send(dirs);
} finally {
  Atomics.store(words, ENDED, 1);
  Atomics.add(words, SENT, 1);
  Atomics.notify(words, SENT);
  port.close();
}

import type { ByteString } from '../../base/bytes.ts';
import { startChild } from '../node/start-child.ts';

export type StatfsAnswer =
  | { readonly answer: 'answered'; readonly bytes: number; readonly freeBytes: number }
  | { readonly answer: 'not answering' | 'refused' };

/**
 * Asks a file system that may never answer, from a child that is left behind when it does not: a
 * process that waits for a dead server cannot even be killed.
 */
export function statfsInChild(path: ByteString, limitMs: number): Promise<StatfsAnswer> {
  return new Promise((resolve) => {
    // A name that is not UTF-8 cannot be passed: it is not asked for, which is said.
    if (/[^\x20-\x7e]/.test(path)) {
      resolve({ answer: 'refused' });
      return;
    }
    const child = startChild('stat', ['-f', '-c', '%b %S %a', '--', path], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    if (child instanceof Error) {
      resolve({ answer: 'refused' });
      return;
    }
    let said = '';
    const timer = setTimeout(() => end({ answer: 'not answering' }), limitMs);
    let isOver = false;
    const end = (answer: StatfsAnswer): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      child.kill('SIGKILL');
      child.stdout?.destroy();
      child.unref();
      resolve(answer);
    };
    child.stdout?.on('data', (data: Buffer) => {
      said = (said + data.toString('latin1')).slice(0, 200);
    });
    child.on('error', () => end({ answer: 'refused' }));
    child.on('close', (code) => {
      const [blocks, size, free] = said.trim().split(' ').map(Number);
      const isWhole =
        code === 0 && blocks !== undefined && size !== undefined && free !== undefined;
      end(
        isWhole
          ? { answer: 'answered', bytes: blocks * size, freeBytes: free * size }
          : { answer: 'refused' },
      );
    });
  });
}

/** A real sftp-server behind two pipes: all of SFTP, and nothing of SSH. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { encodePacket, uint32 } from '../../src/adapters/sftp/packet-writer.ts';
import { TYPE, VERSION } from '../../src/adapters/sftp/sftp-protocol.ts';
import { type SftpStore, sftpStore } from '../../src/adapters/sftp/sftp-store.ts';
import type { RemoteLink } from '../../src/adapters/ssh/remote-store.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';

const SFTP_SERVER = '/usr/lib/openssh/sftp-server';
/** The field of its version is where other packets have their number. */
const INIT = encodePacket({ type: TYPE.init, fields: [uint32(VERSION)] });

/** Bytes to and from somebody who speaks SFTP; `stop` ends what stands behind. */
export interface Wire {
  readonly input: Writable;
  readonly output: Readable;
  readonly stop: () => Promise<void>;
}

/** As `ssh` hands it to the store: INIT is sent. */
export function linkOver({ input, output, stop }: Wire): RemoteLink {
  const ignore = () => undefined;
  input.on('error', ignore);
  output.on('error', ignore);
  input.write(INIT);
  const ended = once(output, 'close').then(() => ({ code: undefined, stderrTail: '' }));
  return {
    input,
    output,
    ended,
    failure: async () => new Fault('HF_STORE_LINK_LOST', 'the link broke', { host: 'test' }),
    close: async () => {
      await stop();
      output.destroy();
    },
  };
}

export interface SpawnServer {
  /** Requests that it neither offers nor does. */
  readonly refuses?: readonly string[];
  readonly isReadOnly?: boolean;
  readonly cwd?: string;
}

export function spawnServer(options: SpawnServer = {}): ChildProcessWithoutNullStreams {
  const { refuses = [], isReadOnly = false, cwd = '/' } = options;
  const refused = refuses.length === 0 ? [] : ['-P', refuses.join()];
  const args = ['-e', ...(isReadOnly ? ['-R'] : []), ...refused];
  return spawn(SFTP_SERVER, args, { stdio: 'pipe', cwd });
}

export function wireTo(child: ChildProcessWithoutNullStreams): Wire {
  const stop = async () => {
    child.stdin.destroy();
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  };
  return { input: child.stdin, output: child.stdout, stop };
}

export function storeOver(wire: Wire, root: string): Promise<SftpStore> {
  return sftpStore(linkOver(wire), {
    path: byteString(root),
    where: `ssh://test${root}`,
    tools: nodeTools(),
    clock: nodeClock(),
  });
}

/** Which user of this host has the other end of a connection over its own loopback. */
import { kernelFileIfThere } from './read-kernel-file.ts';

/** 127.0.0.1 in the byte order of the table. */
const LOOPBACK = endianText();
const ESTABLISHED = '01';

/**
 * Undefined where it is not known: one that was closed by its owner already belongs to nobody, which the
 * table writes as 0, the number of root.
 */
export function uidOfPeer(
  of: { readonly ownPort: number; readonly peerPort: number },
  table: string | undefined = kernelFileIfThere('/proc/net/tcp'),
): number | undefined {
  const here = `${LOOPBACK}:${hexPort(of.peerPort)} ${LOOPBACK}:${hexPort(of.ownPort)} `;
  for (const line of (table ?? '').split('\n')) {
    // sl local remote state queues timer retransmits uid timeout inode
    const words = line.trim().split(/\s+/);
    const [, local, remote, state, , , , uid = '', , inode = '0'] = words;
    if (`${local} ${remote} ` !== here) continue;
    const isHeld = state === ESTABLISHED && inode !== '0' && /^[0-9]+$/.test(uid);
    return isHeld ? Number(uid) : undefined;
  }
  return undefined;
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

function endianText(): string {
  const [first] = new Uint8Array(new Uint32Array([1]).buffer);
  return first === 1 ? '0100007F' : '7F000001';
}

import type net from 'node:net';
import { quoted } from '../../watch/core/probes/found.ts';

const LINE_BYTES_MAX = 16 * 1024;

/**
 * Asks a mail server to go on in TLS (RFC 3207).
 *
 * @returns why it does not, in words that go on after its name; undefined where it does
 */
export async function askStarttls(socket: net.Socket): Promise<string | undefined> {
  for (const line of [undefined, 'EHLO holdfast.invalid', 'STARTTLS']) {
    if (line !== undefined) socket.write(`${line}\r\n`);
    const reply = await replyOf(socket);
    if (!reply.startsWith('2')) {
      return `does not speak SMTP with STARTTLS: ${quoted(reply.split('\r\n')[0] ?? '')}`;
    }
    if (line?.startsWith('EHLO') === true && !/^250[ -]STARTTLS\s*$/im.test(reply)) {
      return 'does not offer STARTTLS';
    }
  }
  return undefined;
}

/** All lines of one reply; only the last has a space after its number. */
function replyOf(socket: net.Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const end = (act: () => void): void => {
      socket.off('data', take);
      socket.off('error', onError);
      socket.off('close', onClose);
      act();
    };
    const onError = (error: Error): void => end(() => reject(error));
    const onClose = (): void =>
      end(() => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    const take = (bytes: Buffer): void => {
      text += bytes.toString('latin1');
      const isNone = text.length > LINE_BYTES_MAX || !/^(?:\d{0,3}$|\d{3}[ \r\n-])/.test(text);
      if (isNone || /^\d{3}(?: [^\n]*)?\r?\n$/m.test(lastLine(text))) end(() => resolve(text));
    };
    socket.on('data', take);
    socket.on('error', onError);
    socket.on('close', onClose);
  });
}

function lastLine(text: string): string {
  const at = text.lastIndexOf('\n', text.length - 2);
  return text.slice(at + 1);
}

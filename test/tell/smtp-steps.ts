// A mail server that comes to one step and dies there, or waits there to be seen: `node smtp-steps.ts
// KEPT STEP die|wait|go`. What it took lies in KEPT before it is answered. It prints its port, then steps.
import fs from 'node:fs';
import net from 'node:net';

const [kept = '', step = '', what = ''] = process.argv.slice(2);
let isDone = what === 'go';

/** At the step: an end without a word, or a long silence. */
async function at(name: string): Promise<void> {
  if (isDone || name !== step) return;
  isDone = true;
  if (what === 'die') process.kill(process.pid, 'SIGKILL');
  process.stdout.write('here\n');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

async function serve(socket: net.Socket): Promise<void> {
  socket.on('error', () => undefined);
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  await at('connect');
  say('220 steps ESMTP');
  await at('greeting');
  let text = '';
  let isData = false;
  for await (const part of socket) {
    text += String(part);
    for (;;) {
      if (isData) {
        await at('body');
        const end = text.indexOf('\r\n.\r\n');
        if (end === -1) break;
        await at('dot');
        const id = /^Message-ID: <([0-9a-f]{32})@/m.exec(text)?.[1] ?? '';
        const isRepeat = text.includes('may have reached you before');
        const handle = fs.openSync(kept, 'a');
        fs.writeSync(handle, `${id} ${isRepeat ? 'repeat' : 'first'}\n`);
        fs.fsyncSync(handle);
        fs.closeSync(handle);
        await at('taken');
        text = text.slice(end + 5);
        isData = false;
        say('250 queued');
        await at('answered');
        continue;
      }
      const end = text.indexOf('\r\n');
      if (end === -1) break;
      const verb = text.slice(0, 4).toUpperCase();
      text = text.slice(end + 2);
      await at(verb);
      if (verb === 'DATA') {
        isData = true;
        say('354 go on');
      } else if (verb === 'QUIT') {
        say('221 bye');
        socket.end();
      } else say('250 ok');
    }
  }
}

const server = net.createServer((socket) => {
  void serve(socket).catch(() => socket.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const at = server.address();
  process.stdout.write(`${typeof at === 'object' && at !== null ? at.port : 0}\n`);
});

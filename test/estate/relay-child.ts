/** In the network of a server: a socket file leads to its port, so that a test outside can ask it. */
import net from 'node:net';

const [file = '', port = ''] = process.argv.slice(2);

net
  .createServer((here) => {
    const there = net.connect(Number(port), '127.0.0.1');
    for (const [one, other] of [
      [here, there],
      [there, here],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  })
  .listen(file);
